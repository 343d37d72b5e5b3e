import type { SourceRow } from '@larder/features';
import { startPostgresProxy, test } from '@larder/testing';
import pg from 'pg';
import { afterEach, describe, expect } from 'vitest';
import { createSqlConnection, type SqlConnection } from './sql-connection.ts';

const open: SqlConnection[] = [];
afterEach(async () => {
  for (const connection of open.splice(0)) await connection.close();
});

function connect(url: string, options: { statementTimeoutMs?: number } = {}): SqlConnection {
  const connection = createSqlConnection({ name: 'ads', url, maxConnections: 1, ...options });
  open.push(connection);
  return connection;
}

const { signal } = new AbortController();
const reason = new Error('the run was cancelled');
const PATIENCE = { timeout: 150_000, interval: 20 };

type Pages = AsyncIterator<readonly SourceRow[]>;

function iterate(pages: AsyncIterable<readonly SourceRow[]>): Pages {
  return pages[Symbol.asyncIterator]();
}

function numbers(connection: SqlConnection, upTo: number, options: { pageRows: number; mark?: string }) {
  const text = `select n from generate_series(1, ${upTo}) n /* ${options.mark} */`;
  return iterate(connection.pages(text, [], { pageRows: options.pageRows, signal }));
}

async function rest(pages: Pages): Promise<unknown[][]> {
  const read = [];
  for (let next = await pages.next(); !next.done; next = await pages.next())
    read.push(next.value.map(({ n }) => n));
  return read;
}

/** What each session with a marked statement is doing. */
async function sessions(url: string, mark: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<Record<string, unknown>>(
    `select pid, state, wait_event, extract(epoch from clock_timestamp() - query_start)::float8 * 1000 as age_ms from pg_stat_activity where pid <> pg_backend_pid() and query like $1`,
    [`%/* ${mark} */%`],
  );
  await client.end();
  return rows;
}

describe('pages', () => {
  test('have this many rows each, and the last one the rest', async ({ database }) => {
    const connection = connect(database.url);
    expect(await rest(numbers(connection, 7, { pageRows: 3 }))).toEqual([[1, 2, 3], [4, 5, 6], [7]]);
    expect(await rest(numbers(connection, 6, { pageRows: 3 }))).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect(await rest(numbers(connection, 0, { pageRows: 3 }))).toEqual([]);
  });

  test('are read on demand: the database waits for the consumer', async ({ database }) => {
    const connection = connect(database.url);
    const pages = numbers(connection, 1_000_000, { pageRows: 10, mark: 'waits' });
    await pages.next();
    await expect
      .poll(() => sessions(database.url, 'waits'), PATIENCE)
      .toEqual([expect.objectContaining({ state: 'active', wait_event: 'ClientRead' })]);
    expect((await pages.next()).value).toHaveLength(10);
    await pages.return?.();
    expect(await sessions(database.url, 'waits')).toEqual([expect.objectContaining({ state: 'idle' })]);
  });

  test('end with an error that happens later', async ({ database }) => {
    const connection = connect(database.url);
    const pages = connection.pages('select 1 / (5 - n) as n from generate_series(1, 9) n', [], {
      pageRows: 2,
      signal,
    });
    const read: unknown[] = [];
    await expect(
      (async () => {
        for await (const page of pages) read.push(...page);
      })(),
    ).rejects.toMatchObject({
      code: 'SOURCE_QUERY_INVALID',
      message: expect.stringMatching(/division by zero/),
    });
    expect(read).toHaveLength(4);
    expect((await connection.query('select 1 as one', [])).rows).toEqual([{ one: 1 }]);
  });

  test('end when the database goes away while nobody asks', async ({ database }) => {
    const connection = connect(database.url);
    const pages = numbers(connection, 100, { pageRows: 10, mark: 'gone' });
    await pages.next();
    const [session] = await sessions(database.url, 'gone');
    await connectAndRun(database.url, `select pg_terminate_backend(${String(session?.['pid'])})`);
    await expect(pages.next()).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
    expect((await connection.query('select 1 as one', [])).rows).toEqual([{ one: 1 }]);
  });

  test('take no longer in all than the statement timeout, including the pauses of the consumer', async ({
    database,
  }) => {
    const connection = connect(database.url, { statementTimeoutMs: 1_000 });
    const pages = numbers(connection, 100, { pageRows: 10, mark: 'asleep' });
    await pages.next();
    await expect
      .poll(async () => (await sessions(database.url, 'asleep'))[0]?.['age_ms'], PATIENCE)
      .toBeGreaterThan(1_200);
    await expect(pages.next()).rejects.toMatchObject({ code: 'SOURCE_TIMED_OUT' });
  });

  test('end at once when the signal is aborted, also in the database', async ({ database }) => {
    const connection = connect(database.url);
    const aborting = new AbortController();
    const page = iterate(
      connection.pages('select pg_sleep(600) /* sleeps */', [], { pageRows: 10, signal: aborting.signal }),
    ).next();
    page.catch(() => {});
    await expect.poll(() => sessions(database.url, 'sleeps'), PATIENCE).toHaveLength(1);
    aborting.abort(reason);
    await expect(page).rejects.toBe(reason);
    await expect.poll(() => sessions(database.url, 'sleeps'), PATIENCE).toEqual([]);
    expect((await connection.query('select 1 as one', [])).rows).toEqual([{ one: 1 }]);
  });

  test('a database that falls silent between two pages is not waited for', async ({ database }) => {
    const proxy = await startPostgresProxy(database.url);
    const connection = connect(proxy.url);
    const aborting = new AbortController();
    const pages = iterate(
      connection.pages('select n from generate_series(1, 100) n', [], {
        pageRows: 10,
        signal: aborting.signal,
      }),
    );
    await pages.next();
    proxy.silence();
    const page = pages.next();
    aborting.abort(reason);
    await expect(page).rejects.toBe(reason);
    await proxy.cut();
  });

  test('a consumer that stops does not wait for a database that is silent', async ({ database }) => {
    const proxy = await startPostgresProxy(database.url);
    const connection = connect(proxy.url, { statementTimeoutMs: 1_000 });
    const pages = numbers(connection, 100, { pageRows: 10 });
    await pages.next();
    proxy.silence();
    expect(await pages.return?.()).toMatchObject({ done: true });
    await proxy.cut();
  });
});

async function connectAndRun(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(text);
  await client.end();
}
