import { sql } from 'kysely';
import { describe, expect } from 'vitest';
import { readChanges, recordChange, type OfflineStore } from '../index.ts';
import { dropped, erased, landed, test } from '../testing/changes.ts';
import { ensureChangePartitions } from './change-partitions.ts';
import { numberChanges } from './number-changes.ts';
import type { Change } from './record-change.ts';

const record = (store: OfflineStore, project: string, change: Change) =>
  store.transaction((tx) => recordChange(tx, project, change));

async function number(store: OfflineStore): Promise<number> {
  await ensureChangePartitions(store);
  return (await numberChanges(store, '0')).taken;
}

test('changes of every kind get dense positions and are read as recorded', async ({ store, project }) => {
  for (const change of [landed(1), erased, dropped]) await record(store, project, change);
  await record(store, `${project}b`, landed(2));
  expect(await readChanges(store, { project, after: null, limit: 10 })).toEqual({
    changes: [],
    cursor: null,
  });
  expect(await number(store)).toBe(4);
  const { changes } = await readChanges(store, { project, after: null, limit: 10 });
  const told = { recordedAt: expect.any(Date), numberedAt: expect.any(Date) };
  expect(changes).toEqual([
    { ...landed(1), ...told, position: 1 },
    { ...erased, ...told, position: 2 },
    { ...dropped, ...told, position: 3 },
  ]);
  await record(store, project, landed(3));
  expect(await number(store)).toBe(1);
  const after = (await readChanges(store, { project, after: null, limit: 3 })).cursor;
  const next = await readChanges(store, { project, after, limit: 10 });
  expect(next.changes).toEqual([{ ...landed(3), ...told, position: 4 }]);
  const end = await readChanges(store, { project, after: next.cursor, limit: 10 });
  expect(end).toEqual({ changes: [], cursor: next.cursor });
});

test('a transaction that rolled back is not in the feed and leaves no gap', async ({ store, project }) => {
  await record(store, project, landed(1));
  await expect(
    store.transaction(async (tx) => {
      await recordChange(tx, project, landed(2));
      throw new Error('The landing fails.');
    }),
  ).rejects.toThrow('The landing fails.');
  await record(store, project, landed(3));
  await number(store);
  const { changes } = await readChanges(store, { project, after: null, limit: 10 });
  expect(changes.map((change) => [change.position, 'chunkId' in change && change.chunkId])).toEqual([
    [1, 1],
    [2, 3],
  ]);
});

test('a late commit comes after the changes already read, in the partition of the day it is numbered', async ({
  store,
  project,
}) => {
  const slow = Promise.withResolvers<void>();
  const recorded = Promise.withResolvers<void>();
  const landing = store.transaction(async (tx) => {
    await recordChange(tx, project, landed(1));
    // As if it had begun the day before.
    await sql`update larder.unnumbered_changes set recorded_at = now() - interval '1 day'
      where project = ${project}`.execute(tx.db);
    recorded.resolve();
    await slow.promise;
  });
  await recorded.promise;
  await record(store, project, landed(2));
  await number(store);
  const first = await readChanges(store, { project, after: null, limit: 10 });
  expect(first.changes).toMatchObject([{ position: 1, chunkId: 2 }]);
  slow.resolve();
  await landing;
  await number(store);
  const { changes } = await readChanges(store, { project, after: first.cursor, limit: 10 });
  expect(changes).toMatchObject([{ position: 2, chunkId: 1 }]);
  const [change] = changes;
  expect(Number(change?.numberedAt) - Number(change?.recordedAt)).toBeGreaterThan(86_000_000);
});

test('one statement takes up to its limit, oldest first, and reports that there is more', async ({
  store,
  project,
}) => {
  await number(store);
  for (const chunkId of [1, 2, 3]) await record(store, project, landed(chunkId));
  expect(await numberChanges(store, '0', 2)).toEqual({ busy: false, taken: 2, more: true, fromXid: '0' });
  expect(await numberChanges(store, '0', 2)).toMatchObject({ taken: 1, more: false });
  const { changes } = await readChanges(store, { project, after: null, limit: 10 });
  expect(changes.map((change) => 'chunkId' in change && change.chunkId)).toEqual([1, 2, 3]);
});

test('a turn while another process is numbering takes nothing and keeps its place', async ({
  store,
  project,
}) => {
  await number(store);
  await record(store, project, landed(1));
  await store.transaction(async (tx) => {
    expect(await numberChanges(tx, '0')).toMatchObject({ busy: false, taken: 1 });
    expect(await numberChanges(store, '0')).toEqual({ busy: true, taken: 0, more: false, fromXid: '0' });
    await record(store, project, landed(2));
  });
  expect(await numberChanges(store, '0')).toMatchObject({ busy: false, taken: 1 });
  const { changes } = await readChanges(store, { project, after: null, limit: 10 });
  expect(changes.map(({ position }) => position)).toEqual([1, 2]);
});

async function scansOf(tx: Pick<OfflineStore, 'db'>): Promise<{ seq: number; idx: number }> {
  const { rows } = await sql<{ seq: number; idx: number }>`select seq_scan as seq, idx_scan as idx
    from pg_stat_xact_user_tables where relname = 'unnumbered_changes'`.execute(tx.db);
  return rows[0] ?? { seq: NaN, idx: NaN };
}

test('the hint is sent with the positions, once per project, and never by a landing', async ({
  store,
  project,
}) => {
  await number(store);
  const listener = await store.pool.connect();
  const hints: unknown[] = [];
  listener.on('notification', ({ channel, payload }) => hints.push([channel, payload]));
  await listener.query('listen larder_changes');
  try {
    await record(store, project, landed(1));
    await record(store, project, landed(2));
    await listener.query('select 1');
    expect(hints).toEqual([]);
    await numberChanges(store, '0');
    await expect
      .poll(async () => {
        await listener.query('select 1');
        return hints;
      })
      .toEqual([['larder_changes', project]]);
    await numberChanges(store, '0');
    await listener.query('select 1');
    expect(hints).toHaveLength(1);
  } finally {
    listener.release(true);
  }
});

describe('rows that an open snapshot keeps from vacuum', () => {
  test('are not read again by later turns', async ({ store, project }) => {
    await number(store);
    let fromXid = '0';
    await store.transaction(async (reader) => {
      await sql`set transaction isolation level repeatable read`.execute(reader.db);
      await sql`select count(*) from larder.unnumbered_changes`.execute(reader.db);
      await sql`insert into larder.unnumbered_changes (project, kind, entity, entity_key)
        select ${project}, 'erased', 'ad', n::text from generate_series(1, 20000) n`.execute(store.db);
      for (let more = true; more;) ({ more, fromXid } = await numberChanges(store, fromXid));
      await record(store, project, landed(1));
      expect(BigInt(fromXid)).toBeGreaterThan(0n);
      await store.transaction(async (tx) => {
        const before = await scansOf(tx);
        expect(await numberChanges(tx, fromXid)).toMatchObject({ taken: 1 });
        const { seq, idx } = await scansOf(tx);
        expect([seq - before.seq, idx - before.idx]).toEqual([0, 1]);
      });
    });
    expect((await readChanges(store, { project, after: null, limit: 99_999 })).changes).toHaveLength(20_001);
  });

  test('an open transaction is not skipped by later turns', async ({ store, project }) => {
    await number(store);
    await store.transaction(async (tx) => {
      await recordChange(tx, project, landed(1));
      await record(store, project, landed(2));
      const { fromXid } = await numberChanges(store, '0');
      const { rows } = await sql<{ xid: string }>`select pg_current_xact_id()::text as xid`.execute(tx.db);
      expect(BigInt(fromXid)).toBeLessThanOrEqual(BigInt(rows[0]?.xid ?? 0));
    });
  });
});

test('what stands behind rows that another process took meanwhile is not passed by', async ({
  store,
  project,
}) => {
  await number(store);
  for (const chunk of [1, 2, 3]) await record(store, project, landed(chunk));
  const other = await store.pool.connect();
  await other.query('begin');
  await other.query('delete from larder.unnumbered_changes where project = $1 and chunk_id < 3', [project]);
  const numbering = numberChanges(store, '0', 2);
  await expect
    .poll(async () => {
      const { rows } = await store.pool.query(
        `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%larder.number_changes%'`,
      );
      return rows.length;
    })
    .toBeGreaterThan(0);
  await other.query('commit');
  other.release();
  const { taken, more, fromXid } = await numbering;
  expect({ taken, more }).toEqual({ taken: 0, more: true });
  expect((await numberChanges(store, fromXid)).taken).toBe(1);
});
