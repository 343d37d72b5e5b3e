import { sql } from 'kysely';
import { expect } from 'vitest';
import {
  newestCursor,
  jumpBeyond,
  noticeRecovery,
  readAudit,
  readChanges,
  recordChange,
  type OfflineStore,
} from '../index.ts';
import { ensureChangePartitions } from '../changes/change-partitions.ts';
import { numberChanges } from '../changes/number-changes.ts';
import { test } from '../testing/store.ts';

const JUMP = 1_000_000;

/** As if the database had lived in another PostgreSQL until now. */
async function recover(store: OfflineStore): Promise<void> {
  await store.pool.query(`update larder.recoveries set cluster = 'another/' || left(md5(cluster), 8)`);
}

async function createRun(store: OfflineStore): Promise<number> {
  const { rows } = await store.pool.query<{ revision: number }>(
    `insert into larder.runs (run_id, project, view, version, fingerprint, trigger, status, scope, priority, force, request_sha256)
     values (gen_random_uuid(), 'shop', 'v', 1, '', 'push', 'succeeded', '{"pushed": true}', 50, false, '') returning revision`,
  );
  return rows[0]?.revision ?? Number.NaN;
}

test('the first run after a recovery has a revision far ahead, whoever creates it; numbers jump once', async ({
  store,
}) => {
  await store.pool.query(`insert into larder.registry_revisions values ('shop', 7)`);
  await store.pool.query(
    `insert into larder.chains (project, view, version, fingerprint, cursor) values ('shop', 'chained', 1, '', null)`,
  );
  await ensureChangePartitions(store);
  await store.transaction((tx) => recordChange(tx, 'shop', { kind: 'dropped', view: 'v', version: 1 }));
  await numberChanges(store, '0');
  const before = await newestCursor(store, 'shop');
  await store.pool.query(`update larder.chains set cursor = $1`, [before]);
  const first = await createRun(store);
  expect(await createRun(store)).toBe(first + 1);
  expect(await noticeRecovery(store)).toBe(false);

  await recover(store);
  // No process notices it at its start: those that stayed up create runs, all at once.
  const revisions = await Promise.all(Array.from({ length: 8 }, () => createRun(store)));
  expect(Math.min(...revisions)).toBeGreaterThan(first + JUMP);
  expect(Math.max(...revisions)).toBeLessThan(first + JUMP + 100);
  expect(await noticeRecovery(store)).toBe(false);
  const { rows } = await sql<{ revision: number; cursor: string }>`
    select r.revision, c.cursor from larder.registry_revisions r, larder.chains c`.execute(store.db);
  const after = await newestCursor(store, 'shop');
  expect(rows).toEqual([{ revision: 7 + JUMP, cursor: after }]);
  expect(after).not.toBe(before);
  await expect(readChanges(store, { project: 'shop', after: before, limit: 1 })).rejects.toMatchObject({
    code: 'FEED_EXPIRED',
  });
  const { entries } = await readAudit(store, { project: 'shop' }, { limit: 10 });
  expect(entries).toMatchObject([{ action: 'project.recovered', subject: 'shop', actor: 'database' }]);
  expect(entries[0]?.before).toMatch(/^another\//);
});

test('numbers that are given with an update jump too, and one of several processes makes them jump at their start', async ({
  store,
}) => {
  const revision = await createRun(store);
  await store.pool.query(`
    insert into larder.chunks (run_id, ordinal, bounds, rows_total) select run_id, 0, '{}', 1 from larder.runs where revision = ${revision}`);
  await recover(store);
  const { rows } = await store.pool.query<{ revision: number }>(
    `update larder.chunks set revision = nextval(pg_get_serial_sequence('larder.runs', 'revision')) returning revision`,
  );
  expect(rows[0]?.revision).toBeGreaterThan(revision + JUMP);
  await recover(store);
  const noticed = await Promise.all(Array.from({ length: 6 }, () => noticeRecovery(store)));
  expect(noticed.filter((jumped) => jumped)).toHaveLength(1);
});

test('a second recovery, to before the first, jumps farther', async ({ store }) => {
  const distance = async (cluster: string): Promise<number> => {
    const { rows } = await store.pool.query<{ source: string }>(
      `select prosrc as source from pg_proc where proname = 'notice_recovery'`,
    );
    const [, expression] = /jump_ahead\(before, present, (.+)\);/.exec(rows[0]?.source ?? '') ?? [];
    const { rows: found } = await store.pool.query<{ distance: number }>(
      `select (${expression})::float8 as distance from (values ($1::text)) as given (present)`,
      [cluster],
    );
    return found[0]?.distance ?? Number.NaN;
  };
  expect(await distance('7301/00000001')).toBe(JUMP);
  expect(await distance('7301/00000002')).toBe(2 * JUMP);
  expect(await distance('7301/0000001F')).toBe(31 * JUMP);
});

test('a revision that was never given makes them jump beyond it, once', async ({ store }) => {
  const given = await createRun(store);
  expect(await jumpBeyond(store, given)).toBe(false);
  expect(await jumpBeyond(store, 2 ** 40 - 1)).toBe(false);
  const unknown = given + 2 * JUMP + 5;
  const jumps = await Promise.all(Array.from({ length: 4 }, () => jumpBeyond(store, unknown)));
  expect(jumps.filter((jumped) => jumped)).toHaveLength(1);
  expect(await createRun(store)).toBeGreaterThan(unknown);
});
