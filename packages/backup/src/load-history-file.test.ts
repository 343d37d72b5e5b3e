import { mkdtempSync, rmSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDuckdb } from '@larder/archive';
import { createLogger } from '@larder/core';
import type { FeatureViewManifest, Manifest } from '@larder/features';
import {
  appendHistory,
  createOfflineStore,
  ensureHistory,
  migrate,
  type HistoryRow,
} from '@larder/offline-store';
import { test } from '@larder/testing';
import { sql } from 'kysely';
import { expect, onTestFinished } from 'vitest';
import { describeFile } from './backup-folder.ts';
import { loadHistoryFile } from './load-history-file.ts';
import { writeHistory } from './write-history.ts';

const VIEW = {
  name: 'everything',
  version: 1,
  entity: 'user_ad',
  ttl_ms: 'forever',
  schema: [
    { name: 'small', type: 'float32' },
    { name: 'large', type: 'float64' },
    { name: 'whole', type: 'int64' },
    { name: 'flag', type: 'bool' },
    { name: 'text', type: 'string' },
    { name: 'at', type: 'timestamp' },
    { name: 'shape', type: 'vector', length: 3 },
    { name: 'object', type: 'json' },
  ],
  partial_push: { small: 'keep' },
  fingerprint: 'f'.repeat(64),
} as unknown as FeatureViewManifest;

const manifestOf = (project: string) =>
  ({
    project,
    entities: {
      user_ad: {
        name: 'user_ad',
        join_keys: [
          { name: 'user', type: 'int64' },
          { name: 'ad_id', type: 'string' },
        ],
      },
    },
    feature_views: { 'everything@1': VIEW },
  }) as unknown as Manifest;

const AT = Date.UTC(2026, 9, 20, 9, 30, 0, 123);
const row = (ad: string, changed: Partial<HistoryRow>): HistoryRow => ({
  keys: { user: 9_007_199_254_740_993n, ad_id: ad },
  eventTimestampMs: AT,
  createdTimestampMs: AT + 1,
  revision: 70,
  chunkId: 900,
  inputHash: -1n,
  values: {},
  ...changed,
});

const ROWS: readonly HistoryRow[] = [
  row('a', {
    values: {
      small: 0.1,
      large: 0.1 + 0.2,
      whole: -9_223_372_036_854_775_808n,
      flag: false,
      text: '',
      at: new Date('9999-12-31T23:59:59.999Z'),
      shape: new Float32Array([0.1, -0, 3.4e38]),
      object: { b: [1, null, '"'], a: 'x\\n' },
    },
  }),
  row('quotes " , \\. \r\n new', {
    revision: 71,
    values: { small: 1e-45, large: 5e-324, text: 'NULL', flag: true, at: new Date('0001-01-01T00:00:00Z') },
  }),
  row('ß', { eventTimestampMs: AT + 1, chunkId: 901, isGone: true }),
  row('kept', { values: { text: '\\N' }, keptFrom: { small: AT - 5, large: null } }),
];

test('history comes back as it was, whatever its types; a file is loaded once', async ({ database }) => {
  const store = createOfflineStore({
    databaseUrl: database.url,
    logger: createLogger('test', { level: 'silent' }),
  });
  onTestFinished(() => store.close());
  await migrate(store);
  const [from, to] = [manifestOf('production'), manifestOf('staging')];
  await ensureHistory(store, from, VIEW);
  await store.transaction((tx) => appendHistory(tx, from, VIEW, ROWS));
  await sql`insert into larder.kept_online_times values (900, '2026-10-21T00:00:00.123456Z')`.execute(
    store.db,
  );

  const folder = await realpath(mkdtempSync(join(tmpdir(), 'larder-backup-test-')));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const duckdb = await openDuckdb({ folders: [folder] });
  onTestFinished(() => duckdb.close());
  const choose = { folder, manifest: from, history: { views: [VIEW], from: '2026-10', to: '2026-10' } };
  const written = await store.transaction(async (tx) => {
    await sql`set local timezone = 'UTC'`.execute(tx.db);
    return writeHistory(tx, duckdb, choose);
  });
  expect(written).toMatchObject([{ month: '2026-10', rows: ROWS.length }]);
  const file = written[0] as (typeof written)[number];
  const { sha256 } = await describeFile(folder, file.path);

  await ensureHistory(store, to, VIEW);
  const load = (hash: string) =>
    loadHistoryFile(store, duckdb, { folder, file, sha256: hash, manifest: to, view: VIEW });
  expect(await load(sha256)).toBe(true);
  expect(await load(sha256)).toBe(false);
  await expect(load('0'.repeat(64))).rejects.toMatchObject({ code: 'BACKUP_REFUSED' });

  const read = async (project: string) => {
    const { rows } = await sql<{ row: object; online: string | null; chunk: number; revision: number }>`
      select to_jsonb(h) - 'chunk_id' - 'revision' as row, o.online_at::text as online, h.chunk_id as chunk, h.revision
      from ${sql.table(`${project}_history.everything_v1`)} h left join larder.chunk_online_times o using (chunk_id)
      order by ad_id`.execute(store.db);
    return rows;
  };
  const [before, after] = [await read('production'), await read('staging')];
  expect(before).toHaveLength(ROWS.length);
  const content = (rows: typeof before) => rows.map((each) => [each.row, each.online]);
  expect(content(after)).toEqual(content(before));
  // Numbers of this database, in the same order.
  const distinct = (rows: typeof before, what: 'chunk' | 'revision') =>
    [...new Set(rows.map((each) => each[what]))].toSorted((a, b) => a - b);
  for (const what of ['chunk', 'revision'] as const) {
    const [was, is] = [distinct(before, what), distinct(after, what)];
    expect(is.some((number) => was.includes(number))).toBe(false);
    expect(after.map((each) => is.indexOf(each[what]))).toEqual(
      before.map((each) => was.indexOf(each[what])),
    );
  }
});
