import { readFileSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { newId } from '@larder/core';
import type { EntityManifest } from '@larder/features';
import { projectKeyHasher } from '@larder/offline-store';
import { sql } from 'kysely';
import { expect } from 'vitest';
import { eraseFromArchive } from '../index.ts';
import {
  archiveNow,
  globbed,
  land,
  numbered,
  test,
  view,
  type ArchiveTest,
} from '../testing/archive-test.ts';
import { tryLock, type ArchivedView } from './archive-locks.ts';

const price = view('price', [{ name: 'price', type: 'float64' }]);
const NOVEMBER = Date.UTC(2026, 10, 1);
const ad = (given: ArchiveTest): EntityManifest => given.project.entities['ad'] as EntityManifest;

async function archived(
  given: ArchiveTest,
  keys: readonly string[],
  { from = NOVEMBER } = {},
): Promise<void> {
  const rows = keys.map((key, i) => ({
    keys: { ad_id: key },
    eventTimestampMs: from + i,
    createdTimestampMs: from + i,
    values: { price: i },
  }));
  await land(given, price, { rows });
  await numbered(given);
  await archiveNow(given, price);
}

/** As `forget` does. */
async function tombstone({ store, project }: ArchiveTest, key: string): Promise<void> {
  const hash = (await projectKeyHasher(store, project.project))('ad', key);
  await sql`insert into larder.tombstones (project, entity, key_hash, receipt_id)
    values (${project.project}, 'ad', ${hash}, ${newId()})`.execute(store.db);
  await sql`delete from ${sql.table(`${project.project}_history.price_v1`)} where ad_id = ${key}`.execute(
    store.db,
  );
}

const keysIn = async (given: ArchiveTest): Promise<string[]> =>
  (await globbed<{ ad_id: string }>(given, price, 'ad_id')).map((row) => row.ad_id).toSorted();

/** Bytes of every file below the archive. */
const contains = (given: ArchiveTest, text: string): boolean =>
  readdirSync(given.dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .some((entry) => readFileSync(join(entry.parentPath, entry.name)).includes(text));

test('a key leaves the files that hold it, and no other file is touched', async ({ given }) => {
  await archived(given, ['a', "it's me", 'b'], { from: NOVEMBER - 40 * 86_400_000 });
  await archived(given, ['a', "it's me"]);
  await archived(given, ['c']);
  expect(contains(given, "it's me")).toBe(true);
  await tombstone(given, "it's me");
  const erasure = { project: given.project.project, entity: ad(given), key: { ad_id: "it's me" } };
  expect(await eraseFromArchive(given.store, erasure)).toEqual({ rows: 2, files: 2, unreachable: [] });
  expect(contains(given, "it's me")).toBe(false);
  expect(await keysIn(given)).toEqual(['a', 'a', 'b', 'c']);
  expect(await eraseFromArchive(given.store, erasure)).toEqual({ rows: 0, files: 0, unreachable: [] });
  expect(await archiveNow(given, price)).toMatchObject({ status: 'current', rewritten: null });
});

test('a file with nothing else is deleted', async ({ given }) => {
  await archived(given, ['leaver']);
  await eraseFromArchive(given.store, {
    project: given.project.project,
    entity: ad(given),
    key: { ad_id: 'leaver' },
  });
  expect(readdirSync(join(given.dir, given.project.project, 'price_v1/month=2026-11'))).toEqual([]);
});

test('an archive that cannot be reached is named, and erases the key the next time it is written', async ({
  given,
}) => {
  await archived(given, ['a', 'leaver']);
  const folder = join(given.dir, given.project.project);
  renameSync(folder, `${folder}-elsewhere`);
  await tombstone(given, 'leaver');
  const erasure = { project: given.project.project, entity: ad(given), key: { ad_id: 'leaver' } };
  expect(await eraseFromArchive(given.store, erasure)).toMatchObject({ rows: 0, unreachable: [{ folder }] });
  renameSync(`${folder}-elsewhere`, folder);
  await archiveNow(given, price);
  expect(await keysIn(given)).toEqual(['a']);
  expect(contains(given, 'leaver')).toBe(false);
});

test('while somebody archives or reads, erasing waits', async ({ given }) => {
  await archived(given, ['a', 'leaver']);
  const { rows } =
    await sql<ArchivedView>`select archive_id as "archiveId", view, version from larder.archive_views
    join larder.archives using (archive_id) where project = ${given.project.project}`.execute(given.store.db);
  const target = rows[0] as ArchivedView;
  const erasure = { project: given.project.project, entity: ad(given), key: { ad_id: 'leaver' } };
  let erased = false;
  let running: Promise<unknown> = Promise.resolve();
  for (const lock of ['writing', 'files'] as const) {
    await tryLock(given.store, target, { lock, shared: lock === 'files' }, async () => {
      running = eraseFromArchive(given.store, erasure).then(() => (erased = true));
      const waits = await tryLock(given.store, target, { lock, shared: lock === 'files' }, async () => {});
      expect(waits === null).toBe(lock === 'writing');
      expect(await keysIn(given)).toEqual(['a', 'leaver']);
      expect(erased).toBe(false);
      if (lock === 'files') return;
    });
    if (lock === 'writing') {
      await running;
      expect(await keysIn(given)).toEqual(['a']);
      erased = false;
      await archived(given, ['leaver']);
    }
  }
  await running;
  expect(await keysIn(given)).toEqual(['a']);
});
