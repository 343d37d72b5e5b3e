import { startPostgresProxy, test } from '@larder/testing';
import pg from 'pg';
import { afterEach, expect } from 'vitest';
import { createSqlConnection, type SqlConnection } from './sql-connection.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const connection of open.splice(0)) await connection.close();
});

function connect(url: string): SqlConnection {
  const connection = createSqlConnection({ name: 'ads', url, maxConnections: 1 });
  open.push(connection);
  return connection;
}

/** Marked statements that are running in the database. */
async function running(url: string, mark: string): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query(
    `select 1 from pg_stat_activity where state = 'active' and pid <> pg_backend_pid() and query like $1`,
    [`%${mark}%`],
  );
  await client.end();
  return rows.length;
}

const PATIENCE = { timeout: 150_000, interval: 50 };
const reason = new Error('the run was cancelled');

test('an aborted query ends at once, and in the database', async ({ database }) => {
  const connection = connect(database.url);
  const aborting = new AbortController();
  const query = connection.query('select pg_sleep(600) /* one */', [], aborting.signal);
  query.catch(() => {});
  await expect.poll(() => running(database.url, '/* one */'), PATIENCE).toBe(1);
  aborting.abort(reason);
  await expect(query).rejects.toBe(reason);
  await expect.poll(() => running(database.url, '/* one */'), PATIENCE).toBe(0);
  // The only connection of the pool is free again.
  expect((await connection.query('select 2 as two', [])).rows).toEqual([{ two: 2 }]);
});

test('a database that hangs is not waited for', async ({ database }) => {
  const proxy = await startPostgresProxy(database.url);
  const connection = connect(proxy.url);
  await connection.query('select 1', []);
  proxy.silence();
  const aborting = new AbortController();
  const query = connection.query('select 1', [], aborting.signal);
  aborting.abort(reason);
  await expect(query).rejects.toBe(reason);
  await proxy.cut();
});

test('an already aborted signal runs nothing', async ({ database }) => {
  const connection = connect(database.url);
  await expect(connection.query('select 1/0', [], AbortSignal.abort(reason))).rejects.toBe(reason);
  const { signal } = new AbortController();
  await expect(connection.query('select 1/0', [], signal)).rejects.toMatchObject({
    code: 'SOURCE_QUERY_INVALID',
  });
});
