import { sql } from 'kysely';
import { expect } from 'vitest';
import { project, row, test, view } from './testing/store.ts';
import { appendHistory, ensureHistory, readChunkHistory } from './index.ts';

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
