import type { SourceManifest } from '@larder/features';
import { test } from '@larder/testing';
import pg from 'pg';
import { expect } from 'vitest';
import { createSources } from './create-sources.ts';
import { ITEM } from './fixtures/stock.ts';
import { sqlSource } from './sql/definition.ts';

const { signal } = new AbortController();
const sql = (query: string): SourceManifest => sqlSource({ connection: 'shop', query }).manifest;
const view = (source: SourceManifest) => ({ source, schema: [], compute: null });
const NOWHERE = { root: '.', connections: {}, maxConnections: 1 };

test('views on one connection share it', async ({ database }) => {
  const sources = createSources({ root: '.', connections: { shop: database.url }, maxConnections: 1 });
  const query = (name: string) =>
    view(sql(`select '${name}' as item_id, now() as event_timestamp, pg_backend_pid() as pid`));
  const [a, b] = [await sources.open(query('a'), ITEM), await sources.open(query('b'), ITEM)];
  const [[one], [two]] = [await a.lookup([['a']], signal), await b.lookup([['b']], signal)];
  expect(one?.['pid']).toBe(two?.['pid']);
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await sources.close();
  await expect
    .poll(
      () =>
        client
          .query(`select 1 from pg_stat_activity where pid = $1`, [one?.['pid']])
          .then(({ rowCount }) => rowCount),
      { timeout: 60_000, interval: 20 },
    )
    .toBe(0);
  await client.end();
});

test('a connection without an address is named, with the variable to set', async () => {
  await expect(createSources(NOWHERE).open(view(sql('select 1')), ITEM)).rejects.toMatchObject({
    code: 'SOURCE_NOT_CONFIGURED',
    message: expect.stringMatching(/'shop' has no address.*LARDER_CONNECTION_SHOP_URL/),
  });
  const builtIn = view({ ...sql('select 1'), connection: 'constructor' });
  await expect(createSources(NOWHERE).open(builtIn, ITEM)).rejects.toMatchObject({
    code: 'SOURCE_NOT_CONFIGURED',
  });
});

test.each(['kafka', 'constructor'])('a kind that there is not, %s, is refused', async (kind) => {
  const source = { kind, event_timestamp_column: 'at', created_timestamp_column: null };
  await expect(createSources(NOWHERE).open(view(source), ITEM)).rejects.toMatchObject({
    code: 'MANIFEST_INVALID',
    message: `This version of Larder has no source of kind '${kind}'; known kinds: sql, folder, views, model, push, events.`,
  });
});

test('options that a kind does not know are refused', async () => {
  const source = { ...sql('select 1'), query: 1, fetch_size: 10 };
  await expect(createSources(NOWHERE).open(view(source), ITEM)).rejects.toMatchObject({
    code: 'MANIFEST_INVALID',
    errors: [{ pointer: '/query' }, { pointer: '' }],
  });
});
