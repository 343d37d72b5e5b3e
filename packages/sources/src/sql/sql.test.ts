import { startPostgresProxy, test as base } from '@larder/testing';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect } from 'vitest';
import type { RowSource } from '../row-source.ts';
import type { SourceChunk } from '../source-bounds.ts';
import { scanRows } from '../scan-rows.ts';
import type { SqlSourceManifest } from './definition.ts';
import { openSqlSource } from './open.ts';
import { createSqlConnection, type SqlConnection } from './sql-connection.ts';
import pg from 'pg';

const test = base;
const { signal } = new AbortController();
const open: { close(): Promise<void> }[] = [];
let table = 0;

beforeEach(() => {
  table++;
});
afterEach(async () => {
  for (const connection of open.splice(0)) await connection.close();
});

const STATS = {
  joinKeys: ['campaign_id', 'ad_id'],
  features: [{ name: 'clicks', type: 'int64' as const }],
};

async function execute(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(text);
  await client.end();
}

function connect(url: string, options: { statementTimeoutMs?: number } = {}): SqlConnection {
  const connection = createSqlConnection({ name: 'ads', url, ...options });
  open.push(connection);
  return connection;
}

function sourceOf(
  connection: SqlConnection,
  query: string,
  overrides: Partial<SqlSourceManifest> = {},
): RowSource {
  const source: SqlSourceManifest = {
    kind: 'sql',
    connection: 'ads',
    query,
    event_timestamp_column: 'event_timestamp',
    created_timestamp_column: null,
    ...overrides,
  };
  return openSqlSource(source, {
    root: '.',
    ...STATS,
    history: null,
    modelRows: null,
    connect: () => connection as never,
  });
}

async function statsTable(
  url: string,
  rows: readonly (readonly [string | null, number, string, number])[],
): Promise<string> {
  const name = `stats_${table}`;
  const values = rows.map(
    ([campaign, ad, at, clicks]) =>
      `(${campaign === null ? 'null' : `'${campaign}'`}, ${ad}, '${at}', ${clicks})`,
  );
  await execute(
    url,
    `create table ${name} (campaign_id text, ad_id bigint, event_timestamp timestamptz, clicks integer);
     ${values.length ? `insert into ${name} values ${values.join(', ')}` : ''}`,
  );
  return `select * from ${name}`;
}

async function scanAll(source: RowSource, chunks: readonly SourceChunk[]) {
  const pages = [];
  for (const chunk of chunks) pages.push(await scanRows(source, chunk.bounds, signal));
  return pages;
}

const DAY = '2026-03-01T00:00:00Z';

describe('plan', () => {
  test('keeps all rows of a key in one chunk and loses none', async ({ database }) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.tuple(fc.constantFrom('a', 'b', "c'|", 'ä'), fc.integer({ min: -3, max: 3 }), fc.nat(9)),
          { maxLength: 60 },
        ),
        fc.integer({ min: 1, max: 20 }),
        async (keys, chunkRows) => {
          table++;
          const rows = keys.map(
            ([campaign, ad, clicks]) => [campaign.replace("'", "''"), ad, DAY, clicks] as const,
          );
          const source = sourceOf(connect(database.url), await statsTable(database.url, rows));
          const chunks = await source.plan({ scope: { kind: 'all' }, chunkRows, limit: null }, signal);
          const pages = await scanAll(source, chunks);
          expect(pages.map((page) => page.length)).toEqual(chunks.map((chunk) => chunk.rows));
          expect(pages.flat()).toHaveLength(keys.length);
          const chunkOfKey = new Map<string, number>();
          for (const [at, page] of pages.entries())
            for (const row of page) {
              const key = `${String(row.campaign_id)}/${String(row.ad_id)}`;
              expect(chunkOfKey.get(key) ?? at).toBe(at);
              chunkOfKey.set(key, at);
            }
        },
      ),
      { numRuns: 12 },
    );
  });

  test('takes a limit exactly, cutting inside the last chunk', async ({ database }) => {
    const rows = Array.from({ length: 25 }, (_, i) => ['a', i % 5, DAY, i] as const);
    const source = sourceOf(connect(database.url), await statsTable(database.url, rows));
    const chunks = await source.plan({ scope: { kind: 'all' }, chunkRows: 5, limit: 12 }, signal);
    expect((await scanAll(source, chunks)).flat()).toHaveLength(12);
    expect(chunks.map((chunk) => chunk.rows)).toEqual([5, 5, 2]);
  });

  test('says which chunks have one row per key, where keys alone decide the order', async ({ database }) => {
    const rows = ['a', 'b', 'c', 'd', 'd'].map((campaign, i) => [campaign, 1, DAY, 9 - i] as const);
    const source = sourceOf(connect(database.url), await statsTable(database.url, rows));
    const chunks = await source.plan({ scope: { kind: 'all' }, chunkRows: 3, limit: null }, signal);
    const flags = chunks.map(({ bounds }) => bounds.kind === 'range' && bounds.oneRowPerKey === true);
    expect(flags).toEqual([true, false]);
    // For rows that differ only in features, the text decides: 5 before 6.
    expect((await scanAll(source, chunks)).map((page) => page.map((row) => row.clicks))).toEqual([
      [9, 8, 7],
      [5, 6],
    ]);
  });

  test('gives rows without a key a chunk of their own', async ({ database }) => {
    const source = sourceOf(
      connect(database.url),
      await statsTable(database.url, [
        ['a', 1, DAY, 1],
        [null, 2, DAY, 2],
      ]),
    );
    const chunks = await source.plan({ scope: { kind: 'all' }, chunkRows: 10, limit: null }, signal);
    expect(chunks.map((chunk) => chunk.bounds.kind)).toEqual(['range', 'null_keys']);
    expect((await scanAll(source, chunks)).map((page) => page.map((row) => row.ad_id))).toEqual([[1], [2]]);
  });

  test('reads a chunk of the rows without a key, however many there are', async ({ database }) => {
    const query = await statsTable(database.url, []);
    await execute(
      database.url,
      `insert into stats_${table} select null, n, '${DAY}', n from generate_series(1, 45) n`,
    );
    const source = sourceOf(connect(database.url), query);
    const chunks = await source.plan({ scope: { kind: 'all' }, chunkRows: 10, limit: null }, signal);
    expect(chunks).toEqual([
      { bounds: { kind: 'null_keys', eventTime: null, rows: 45, maxRows: 10 }, rows: 45 },
    ]);
    expect((await scanAll(source, chunks)).flat()).toHaveLength(10);
  });

  test('takes event times from, inclusive, to, exclusive', async ({ database }) => {
    const query = await statsTable(database.url, [
      ['a', 1, '2026-03-01T00:00:00Z', 1],
      ['a', 1, '2026-03-02T00:00:00Z', 2],
      ['b', 2, '2026-03-03T00:00:00Z', 3],
    ]);
    const source = sourceOf(connect(database.url), query);
    const range = { from: '2026-03-01T02:00:00+02:00', to: '2026-03-03T00:00:00Z' };
    const chunks = await source.plan(
      {
        scope: { kind: 'event_time', range },
        chunkRows: 10,
        limit: null,
      },
      signal,
    );
    expect((await scanAll(source, chunks)).flat().map((row) => row.clicks)).toEqual([1, 2]);
  });

  test('takes named entities and looks them up', async ({ database }) => {
    const source = sourceOf(
      connect(database.url),
      await statsTable(database.url, [
        ['a', 1, DAY, 1],
        ['a', 2, DAY, 2],
        ['b', 1, DAY, 3],
      ]),
    );
    const keys = [
      ['a', '2'],
      ['b', '1'],
      ['z', '9'],
    ];
    const chunks = await source.plan({ scope: { kind: 'keys', keys }, chunkRows: 2, limit: null }, signal);
    expect((await scanAll(source, chunks)).map((page) => page.map((row) => row.clicks))).toEqual([
      [2, 3],
      [],
    ]);
    expect((await source.lookup([['a', '1']], signal)).map((row) => row.clicks)).toEqual([1]);
  });
});

describe('columns', () => {
  test('arrive as JavaScript values, instants cut to milliseconds', async ({ database }) => {
    const connection = connect(database.url);
    const { rows } = await connection.query(
      `select timestamptz '2026-03-01 10:00:00.123999+02' as t, timestamp '2026-03-01 10:00:00.9999' as utc, date '2026-03-01' as day,
        timestamptz 'infinity' as never, timestamptz '1969-12-31 23:59:59.999999Z' as before, 9007199254740993::bigint as big, 42::bigint as small,
        sum(3::bigint) as total, 1.5::numeric as half, array[1, null, 3]::bigint[] as list, array[0.5]::real[] as floats`,
      [],
    );
    expect(rows[0]).toEqual({
      t: new Date('2026-03-01T08:00:00.123Z'),
      utc: new Date('2026-03-01T10:00:00.999Z'),
      day: new Date('2026-03-01T00:00:00Z'),
      never: 'infinity',
      before: new Date('1969-12-31T23:59:59.999Z'),
      big: 9007199254740993n,
      small: 42,
      total: 3,
      half: 1.5,
      list: [1, null, 3],
      floats: [0.5],
    });
  });
});

describe('a source that cannot be read', () => {
  test('names missing columns', async ({ database }) => {
    const source = sourceOf(connect(database.url), `select 'a' as campaign_id, 1 as ad_id, now() as at`);
    await expect(
      source.plan({ scope: { kind: 'all' }, chunkRows: 10, limit: null }, signal),
    ).rejects.toMatchObject({
      code: 'SOURCE_QUERY_INVALID',
      message: expect.stringMatching(
        /returns campaign_id, ad_id, at; the view also needs event_timestamp, clicks/,
      ),
    });
  });

  test('refuses queries that are wrong or write', async ({ database }) => {
    const connection = connect(database.url);
    const wrong = sourceOf(connection, 'select * from nowhere');
    await expect(wrong.lookup([['a', '1']], signal)).rejects.toMatchObject({
      code: 'SOURCE_QUERY_INVALID',
      message: expect.stringMatching(/connection 'ads'.*"nowhere" does not exist/),
    });
    await expect(connection.query('create table x (a int)', [])).rejects.toMatchObject({
      code: 'SOURCE_QUERY_INVALID',
    });
  });

  test('stops at the statement timeout', async ({ database }) => {
    const connection = connect(database.url, { statementTimeoutMs: 50 });
    await expect(connection.query('select pg_sleep(10)', [])).rejects.toMatchObject({
      code: 'SOURCE_TIMED_OUT',
    });
    expect((await connection.query('select 1 as one', [])).rows).toEqual([{ one: 1 }]);
  });

  test('gives up when the database falls silent', async ({ database }) => {
    const proxy = await startPostgresProxy(database.url);
    const connection = connect(proxy.url, { statementTimeoutMs: 1_000 });
    await connection.query('select 1', []);
    proxy.silence();
    await expect(connection.query('select 1', [])).rejects.toMatchObject({
      code: 'SOURCE_UNAVAILABLE',
      message: expect.stringMatching(/connection 'ads'/),
    });
    await proxy.cut();
  });

  test('says which connection is away and which setting to look at', async ({ database }) => {
    const connection = connect(database.url.replace(/\/t_[0-9a-f]+/, '/no_such_database'));
    await expect(connection.query('select 1', [])).rejects.toMatchObject({
      code: 'SOURCE_UNAVAILABLE',
      message: expect.stringMatching(/connection 'ads'.*LARDER_CONNECTION_ADS_URL/),
    });
    const nobody = connect('postgresql://larder@127.0.0.1:1/x');
    await expect(nobody.query('select 1', [])).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
  });
});

test('check refuses a column whose values can never be those of the field', async ({ database }) => {
  const connection = connect(database.url);
  const checked = (clicks: string) =>
    sourceOf(
      connection,
      `select 'c' as campaign_id, 1 as ad_id, now() as event_timestamp, ${clicks} as clicks`,
    ).check(new AbortController().signal);
  for (const clicks of ['1', '2.5', '1::bigint', 'null::json', "row('of any kind')"])
    expect(await checked(clicks)).toMatchObject({ status: 'ok' });
  for (const [clicks, kind] of [
    ["'many'", 'text'],
    ['now()', 'a time'],
    ['true', 'a boolean'],
    ['array[1.5::float4]', 'an array of numbers'],
  ] as const)
    await expect(checked(clicks)).rejects.toMatchObject({
      code: 'SOURCE_QUERY_INVALID',
      message: expect.stringContaining(`clicks is ${kind}, and the view declares int64`),
    });
});

test('rows of an entity without join keys get its one key, and are cut like any others', async ({
  database,
}) => {
  const connection = connect(database.url);
  const source = openSqlSource(
    {
      kind: 'sql',
      connection: 'ads',
      query: 'select 0.5::float8 as mood, now() as event_timestamp -- the world',
      event_timestamp_column: 'event_timestamp',
      created_timestamp_column: null,
    },
    {
      root: '.',
      joinKeys: ['everywhere'],
      constantKeys: { everywhere: 'everywhere' },
      features: [{ name: 'mood', type: 'float64' }],
      history: null,
      modelRows: null,
      connect: () => connection as never,
    },
  );
  const chunks = await source.plan({ scope: { kind: 'all' }, chunkRows: 10, limit: null }, signal);
  expect(chunks).toMatchObject([
    { bounds: { kind: 'range', lower: ['everywhere'], upper: ['everywhere'] }, rows: 1 },
  ]);
  const rows = await scanRows(source, (chunks[0] as SourceChunk).bounds, signal);
  expect(rows).toMatchObject([{ everywhere: 'everywhere', mood: 0.5 }]);
});
