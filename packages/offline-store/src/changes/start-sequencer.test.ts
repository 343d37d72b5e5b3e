import { startPostgresProxy } from '@larder/testing';
import { sql } from 'kysely';
import { expect, onTestFinished } from 'vitest';
import {
  createOfflineStore,
  readChanges,
  recordChange,
  startSequencer,
  type OfflineStore,
} from '../index.ts';
import { landed, test } from '../testing/changes.ts';
import { silent } from '../testing/store.ts';
import { ensureChangePartitions } from './change-partitions.ts';
import { numberChanges } from './number-changes.ts';

const FAR = 1_000_000;

function start(store: OfflineStore, idleIntervalMs: number): void {
  const sequencer = startSequencer({ store, logger: silent, idleIntervalMs });
  onTestFinished(() => sequencer.close());
}

function otherStore(databaseUrl: string): OfflineStore {
  const store = createOfflineStore({ databaseUrl, logger: silent });
  onTestFinished(() => store.close());
  return store;
}

const record = (store: OfflineStore, project: string, chunkId: number) =>
  store.transaction((tx) => recordChange(tx, project, landed(chunkId)));

async function chunksOf(store: OfflineStore, project: string): Promise<number[]> {
  const { changes } = await readChanges(store, { project, after: null, limit: 1_000 });
  return changes.map((change) => ('chunkId' in change ? change.chunkId : NaN));
}

test('a process numbers its commits at once, and runs no queries in between', async ({ store, project }) => {
  start(store, FAR);
  for (const chunkId of [1, 2, 3]) {
    await record(store, project, chunkId);
    await expect.poll(() => chunksOf(store, project)).toContain(chunkId);
  }
  expect(await chunksOf(store, project)).toEqual([1, 2, 3]);
});

test('changes of a process that died before numbering are numbered by another one', async ({
  database,
  store,
  project,
}) => {
  await record(otherStore(database.url), project, 1);
  start(store, 20);
  await expect.poll(() => chunksOf(store, project)).toEqual([1]);
});

test('closing numbers changes committed just before', async ({ store, project }) => {
  const sequencer = startSequencer({ store, logger: silent, idleIntervalMs: FAR });
  await record(store, project, 1);
  await sequencer.close();
  expect(await chunksOf(store, project)).toEqual([1]);
  await record(store, project, 2);
  expect(await chunksOf(store, project)).toEqual([1]);
});

test('a turn that finds the lock taken tries again by itself', async ({ database, store, project }) => {
  await ensureChangePartitions(store);
  const other = otherStore(database.url);
  await other.transaction(async (tx) => {
    await numberChanges(tx, '0');
    start(store, FAR);
    await record(store, project, 1);
  });
  await expect.poll(() => chunksOf(store, project)).toEqual([1]);
});

test('a database that is down for a while delays numbering and loses nothing', async ({
  database,
  store,
  project,
}) => {
  const proxy = await startPostgresProxy(database.url);
  const over = otherStore(proxy.url);
  onTestFinished(() => proxy.cut());
  start(over, 20);
  await record(over, project, 1);
  await expect.poll(() => chunksOf(store, project)).toEqual([1]);
  await proxy.cut();
  await record(store, project, 2);
  await proxy.restore();
  await expect.poll(() => chunksOf(store, project), { timeout: 60_000 }).toEqual([1, 2]);
});

test('a partition is created when the clock is set to a day without one', async ({ store, project }) => {
  await ensureChangePartitions(store);
  const { rows } = await sql<{ name: string }>`
    select inhrelid::regclass::text as name from pg_inherits where inhparent = 'larder.changes'::regclass`.execute(
    store.db,
  );
  expect(rows.length).toBeGreaterThanOrEqual(2);
  start(store, FAR);
  await record(store, project, 1);
  await expect.poll(() => chunksOf(store, project)).toEqual([1]);
  for (const { name } of rows) await sql`drop table ${sql.raw(name)}`.execute(store.db);
  await record(store, project, 2);
  await expect.poll(() => chunksOf(store, project)).toEqual([2]);
});
