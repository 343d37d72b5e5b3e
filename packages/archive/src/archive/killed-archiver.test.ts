import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { newId } from '@larder/core';
import type { EntityManifest } from '@larder/features';
import { projectKeyHasher } from '@larder/offline-store';
import { sql } from 'kysely';
import { expect } from 'vitest';
import { eraseFromArchive } from '../index.ts';
import type { ArchiveTask } from '../../fixtures/archive-process.ts';
import { archiveNow, globbed, land, numbered, test, view } from '../testing/archive-test.ts';

const price = view('price', [{ name: 'price', type: 'float64' }]);
const ROUNDS = 3;
const DAY_MS = 86_400_000;
const NOVEMBER = Date.UTC(2026, 10, 1);

/** Kills the process some milliseconds after its work began. */
async function killed(task: ArchiveTask, afterMs: number): Promise<void> {
  const child = fork(new URL('../../fixtures/archive-process.ts', import.meta.url), [JSON.stringify(task)]);
  const ended = once(child, 'exit');
  await once(child, 'message');
  child.send('go');
  const kill = setTimeout(() => child.kill('SIGKILL'), afterMs);
  await ended;
  clearTimeout(kill);
}

test('archivers and erasures that are killed anywhere lose no row, double none, and bring none back', async ({
  given,
  database,
}) => {
  const { store, project, dir } = given;
  const task = { databaseUrl: database.url, dir, project, view: price, erase: null };
  const hashOf = await projectKeyHasher(store, project.project);
  const expected = new Set<string>();
  for (let round = 0; round < ROUNDS; round++) {
    const keys = Array.from({ length: 200 }, (_, i) => `ad-${round}-${i}`);
    const rows = keys.map((key, i) => ({
      keys: { ad_id: key },
      eventTimestampMs: NOVEMBER - (i % 3) * 31 * DAY_MS,
      createdTimestampMs: NOVEMBER,
      values: { price: i },
    }));
    await land(given, price, { rows });
    await numbered(given);
    for (const key of keys) expected.add(key);
    await killed(task, Math.random() * 400);
    const erase = `ad-${round}-7`;
    await sql`insert into larder.tombstones (project, entity, key_hash, receipt_id)
        values (${project.project}, 'ad', ${hashOf('ad', erase)}, ${newId()})`.execute(store.db);
    await sql`delete from ${sql.table(`${project.project}_history.price_v1`)} where ad_id = ${erase}`.execute(
      store.db,
    );
    expected.delete(erase);
    await killed({ ...task, erase }, Math.random() * 300);
    const found = await keysIn();
    expect(new Set(found).size, 'nobody sees a row twice').toBe(found.length);
  }
  const entity = project.entities['ad'] as EntityManifest;
  for (let round = 0; round < ROUNDS; round++)
    await eraseFromArchive(store, { project: project.project, entity, key: { ad_id: `ad-${round}-7` } });
  await archiveNow(given, price);
  expect((await keysIn()).toSorted()).toEqual([...expected].toSorted());
  expect(readdirSync(join(dir, project.project, '_staging'))).toEqual([]);

  async function keysIn(): Promise<string[]> {
    const files = readdirSync(join(dir, project.project), { recursive: true, encoding: 'utf8' });
    if (!files.some((path) => path.startsWith('price_v1') && path.endsWith('.parquet'))) return [];
    return (await globbed<{ ad_id: string }>(given, price, 'ad_id')).map((row) => row.ad_id);
  }
});
