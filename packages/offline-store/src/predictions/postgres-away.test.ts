import { startPostgresProxy, type PostgresProxy } from '@larder/testing';
import { sql } from 'kysely';
import { expect, vi } from 'vitest';
import { createOfflineStore } from '../offline-store.ts';
import { prediction } from '../testing/prediction.ts';
import { silent, test as base } from '../testing/store.ts';
import { createPredictionLog, type PredictionLog } from './prediction-log.ts';

/** A log whose connection to PostgreSQL can be cut, while the store still reaches it. */
const test = base.extend<{ proxy: PostgresProxy; newLog: (capacity?: number) => PredictionLog }>({
  proxy: async ({ database }, use) => {
    const proxy = await startPostgresProxy(database.url);
    await use(proxy);
    await proxy.cut().catch(() => {});
  },
  newLog: async ({ store, proxy }, use) => {
    await sql`delete from larder.predictions`.execute(store.db);
    const away = createOfflineStore({ databaseUrl: proxy.url, logger: silent });
    await use((capacity = 10_000) =>
      createPredictionLog({ store: away, project: 'ads', logger: silent, capacity, flushIntervalMs: 10 }),
    );
    await away.close();
  },
});

test('down: records wait up to the capacity, the newest are dropped and counted, then the rest is written once', async ({
  store,
  proxy,
  newLog,
}) => {
  const log = newLog(1_200);
  log.append(prediction());
  await expect.poll(() => log.stats().written).toBe(1);
  await proxy.cut();
  const accepted = Array.from({ length: 1_500 }, () => log.append(prediction())).filter(Boolean).length;
  expect(accepted).toBe(1_200);
  expect(log.stats()).toEqual({ written: 1, dropped: 300, buffered: 1_200 });
  await proxy.restore();
  await expect.poll(() => log.stats()).toEqual({ written: 1_201, dropped: 300, buffered: 0 });
  const { rows } = await sql`select count(*) as rows from larder.predictions`.execute(store.db);
  expect(rows).toEqual([{ rows: 1_201 }]);
  await log.close();
});

test('a connection lost in the middle of a write duplicates nothing', async ({ store, newLog }) => {
  const log = newLog();
  log.append(prediction());
  await expect.poll(() => log.stats().written).toBe(1);
  const killer = store.transaction(async (tx) => {
    await sql`lock table larder.predictions in access exclusive mode`.execute(tx.db);
    for (let i = 0; i < 700; i++) log.append(prediction());
    await vi.waitFor(async () => {
      const { rows } = await sql`
        select pg_terminate_backend(pid) from pg_stat_activity
        where wait_event_type = 'Lock' and datname = current_database()`.execute(store.db);
      expect(rows).toHaveLength(1);
    }, 30_000);
  });
  await killer;
  await expect.poll(() => log.stats()).toEqual({ written: 701, dropped: 0, buffered: 0 });
  const { rows } = await sql`select count(*) as rows from larder.predictions`.execute(store.db);
  expect(rows).toEqual([{ rows: 701 }]);
  await log.close();
});

test('close gives up at its deadline, even when PostgreSQL hangs', async ({ store, newLog }) => {
  const log = newLog();
  log.append(prediction());
  await expect.poll(() => log.stats().written).toBe(1);
  await store.transaction(async (tx) => {
    await sql`lock table larder.predictions in access exclusive mode`.execute(tx.db);
    for (let i = 0; i < 10; i++) log.append(prediction());
    const startedAtMs = performance.now();
    await log.close(300);
    expect(performance.now() - startedAtMs).toBeLessThan(2_000);
    expect(log.stats()).toEqual({ written: 1, dropped: 10, buffered: 0 });
  });
});

test('close gives up at its deadline when the network is lost', async ({ proxy, newLog }) => {
  const log = newLog();
  log.append(prediction());
  await expect.poll(() => log.stats().written).toBe(1);
  proxy.silence();
  log.append(prediction());
  await log.close(300);
  expect(log.stats()).toEqual({ written: 1, dropped: 1, buffered: 0 });
});

test('a retry after a commit whose answer was lost finds its rows and writes the others', async ({
  store,
  proxy,
  newLog,
}) => {
  const there = prediction();
  const first = newLog();
  first.append(there);
  await first.close();
  await proxy.cut();
  const log = newLog();
  log.append(there);
  log.append(prediction());
  await proxy.restore();
  await log.close();
  expect(log.stats()).toMatchObject({ dropped: 0, buffered: 0 });
  const { rows } = await sql`select count(*) as rows from larder.predictions`.execute(store.db);
  expect(rows).toEqual([{ rows: 2 }]);
});
