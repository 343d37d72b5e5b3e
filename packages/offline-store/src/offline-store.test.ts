import { createLogger, LarderError } from '@larder/core';
import { sql } from 'kysely';
import { expect, vi } from 'vitest';
import { project, row, test, view } from './testing/store.ts';
import { appendHistory, createOfflineStore, ensureHistory, readChunkHistory } from './index.ts';

const clicks = view('clicks', [{ name: 'clicks', type: 'float32' }]);

test('COPY and Kysely statements share one transaction', async ({ store }) => {
  await ensureHistory(store, project, clicks);
  const failed = store.transaction(async (tx) => {
    await appendHistory(tx, project, clicks, [row('ad-1')]);
    const { rows } = await sql<{ rows: number }>`select count(*) as rows from shop_history.clicks_v1`.execute(
      tx.db,
    );
    expect(rows[0]?.rows).toBe(1);
    throw new Error('changed my mind');
  });
  await expect(failed).rejects.toThrow('changed my mind');
  expect(await readChunkHistory(store, project, clicks, 1)).toEqual([]);
});

test('a connection that is killed inside a transaction fails that transaction only', async ({ store }) => {
  const killed = store.transaction(async (tx) => {
    const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx.db);
    await sql`select pg_terminate_backend(${rows[0]?.pid})`.execute(store.db);
    await sql`select 1`.execute(tx.db);
  });
  await expect(killed).rejects.toBeInstanceOf(Error);
  expect((await sql<{ one: number }>`select 1 as one`.execute(store.db)).rows).toEqual([{ one: 1 }]);
});

test('a bigint beyond 2^53 is refused instead of rounded', async ({ store }) => {
  await expect(sql`select 9007199254740993::bigint`.execute(store.db)).rejects.toThrow('beyond 2^53');
  expect((await sql`select 9007199254740991::bigint as id`.execute(store.db)).rows).toEqual([
    { id: 9007199254740991 },
  ]);
});

test('a lost idle connection is reported without its client', async ({ database, store }) => {
  const logger = createLogger('test', { level: 'silent' });
  const warn = vi.spyOn(logger, 'warn');
  const own = createOfflineStore({ databaseUrl: database.url, maxConnections: 1, logger });
  const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(own.db);
  await sql`select pg_terminate_backend(${rows[0]?.pid})`.execute(store.db);
  await expect.poll(() => warn.mock.calls.length).toBeGreaterThan(0);
  expect(warn.mock.calls).toEqual([
    [
      { err: { message: expect.stringContaining('terminating connection'), code: '57P01' } },
      'An idle PostgreSQL connection was lost',
    ],
  ]);
  await own.close();
});

test('a session that goes silent inside a transaction does not keep its locks forever', async ({ store }) => {
  const { rows } = await sql<{ timeout: string }>`
    select current_setting('idle_in_transaction_session_timeout') as timeout`.execute(store.db);
  expect(rows).toEqual([{ timeout: '1min' }]);
});

test('a broken transaction does not return its connection to the pool; a refused one does', async ({
  store,
}) => {
  const sessionOf = async (failure: Error) => {
    let pid: number | undefined;
    const failed = store.transaction(async ({ db }) => {
      pid = (await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(db)).rows[0]?.pid;
      throw failure;
    });
    await expect(failed).rejects.toBe(failure);
    return sql<{ pid: number }>`select pid from pg_stat_activity where pid = ${pid}`;
  };
  const refused = await sessionOf(new LarderError('RUN_NOT_FOUND', 'There is no such run.'));
  expect((await refused.execute(store.db)).rows).toHaveLength(1);
  const broken = await sessionOf(new Error('changed my mind'));
  await expect.poll(async () => (await broken.execute(store.db)).rows).toEqual([]);
});
