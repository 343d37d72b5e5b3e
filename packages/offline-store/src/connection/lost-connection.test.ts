import { LarderError } from '@larder/core';
import { startPostgresProxy } from '@larder/testing';
import { sql } from 'kysely';
import { describe, expect, onTestFinished } from 'vitest';
import { copyIn, copyOut } from '../copy/copy.ts';
import { createOfflineStore, type OfflineStore, type StoreTransaction } from '../index.ts';
import { silent, test } from '../testing/store.ts';

const AWAY = { code: 'DATABASE_UNAVAILABLE', retryAfterSeconds: 2 };
const pidOf = async (db: OfflineStore['db']): Promise<number> => {
  const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(db);
  return rows[0]?.pid ?? 0;
};

describe('a lost connection', () => {
  const works: readonly (readonly [string, (tx: StoreTransaction) => Promise<unknown>])[] = [
    ['a statement', (tx) => sql`select pg_sleep(30)`.execute(tx.db)],
    ['a statement of the client', (tx) => tx.client.query('select pg_sleep(30)')],
    ['COPY out', (tx) => copyOut(tx.client, 'select pg_sleep(30)::text')],
    ['COPY in', (tx) => copyIn(tx.client, 'numbers (number)', Buffer.alloc(256 * 1024 * 1024))],
  ];

  test.for(works)(
    'during %s of a transaction means that PostgreSQL is unavailable, and drops the session',
    async ([, work], { store }) => {
      await sql`create table if not exists numbers (number bigint)`.execute(store.db);
      const ended = store.transaction(async (tx) => {
        const pid = await pidOf(tx.db);
        const working = work(tx);
        working.catch(() => {});
        await sql`select pg_terminate_backend(${pid})`.execute(store.db);
        await working;
      });
      await expect(ended).rejects.toMatchObject(AWAY);
      expect(store.pool.totalCount).toBe(store.pool.idleCount);
    },
  );

  test('between two statements of a transaction also means that PostgreSQL is unavailable', async ({
    store,
  }) => {
    const ended = store.transaction(async (tx) => {
      await sql`select pg_terminate_backend(${await pidOf(tx.db)})`.execute(store.db);
      await sql`select 1`.execute(tx.db);
    });
    await expect(ended).rejects.toMatchObject(AWAY);
  });
});

test('our own refusal keeps the session, a failed statement of a transaction does not', async ({
  database,
}) => {
  const own = createOfflineStore({ databaseUrl: database.url, maxConnections: 1, logger: silent });
  onTestFinished(() => own.close());
  const pids: number[] = [];
  const inTransaction = (work: (tx: StoreTransaction) => Promise<unknown>) =>
    own.transaction(async (tx) => {
      pids.push(await pidOf(tx.db));
      await work(tx);
    });
  await expect(
    inTransaction(() => Promise.reject(new LarderError('REQUEST_INVALID', 'No.'))),
  ).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
  await expect(inTransaction((tx) => sql`select 1 from larder.nowhere`.execute(tx.db))).rejects.toMatchObject(
    { code: 'DATABASE_NOT_MIGRATED' },
  );
  await inTransaction(async () => {});
  expect(pids[1]).toBe(pids[0]);
  expect(pids[2]).not.toBe(pids[1]);
});

test('no server: every method of the store fails with the same error', async ({ database }) => {
  const proxy = await startPostgresProxy(database.url);
  await proxy.cut();
  const away = createOfflineStore({ databaseUrl: proxy.url, logger: silent });
  onTestFinished(() => away.close());
  for (const ask of [
    () => sql`select 1`.execute(away.db),
    () => away.pool.query('select 1'),
    () => away.pool.connect(),
    () => away.transaction(async () => {}),
  ])
    await expect(ask()).rejects.toMatchObject(AWAY);
});

test('errors that are unrelated to the connection are returned unchanged', async ({ store }) => {
  await expect(sql`select 1 / 0`.execute(store.db)).rejects.toMatchObject({ code: '22012' });
  await expect(store.pool.query('select 1 / 0')).rejects.toMatchObject({ code: '22012' });
});
