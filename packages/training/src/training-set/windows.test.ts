import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { archiveView, openArchive, openDuckdb } from '@larder/archive';
import { isLarderError } from '@larder/core';
import { expect, onTestFinished } from 'vitest';
import { readRows } from '../testing/read-rows.ts';
import { test, type WindowsHistory } from '../testing/windows-history-test.ts';
import { buildTrainingSet } from './build-training-set.ts';
import type { EngineChoice } from './training-set-request.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const iso = (ms: number): string => new Date(ms).toISOString();

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'larder-windows-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

interface Building {
  readonly folder: string;
  readonly spine: readonly { readonly adId: string; readonly atMs: number }[];
  readonly engine?: EngineChoice;
  readonly archiveFolder?: string;
  readonly cutOff?: 'created' | 'online';
  /** @default those of the model */
  readonly references?: readonly string[];
}

async function build(
  { store, definitions }: WindowsHistory,
  { folder, spine, engine, archiveFolder, cutOff, references }: Building,
) {
  const path = join(folder, 'spine.csv');
  const lines = spine.map(({ adId, atMs }) => `${adId},${iso(atMs)}\n`);
  await writeFile(path, `ad_id,event_timestamp\n${lines.join('')}`);
  const out = join(folder, `set-${engine ?? 'auto'}-${cutOff ?? 'created'}`);
  const manifest = await buildTrainingSet(
    { store, definitions, connections: {}, actor: 'test', clock: { nowMs: () => Date.now() }, archiveFolder },
    {
      features:
        references === undefined
          ? { kind: 'model', model: 'ad_pace', version: 1 }
          : { kind: 'list', references },
      spine: { kind: 'file', path, format: 'csv' },
      folder: out,
      engine,
      cutOff,
    },
  );
  return { manifest, rows: await readRows(join(out, 'rows.parquet')) };
}

test('windows of a set are those that a prediction has at the same instant, also through on-demand functions', async ({
  windows,
  past,
}) => {
  const { clock, adPace } = windows;
  const start = clock.atMs;
  await past.push([
    { event_id: '1', event_timestamp: iso(start - 20 * HOUR), ad_id: 'ad-1', bid: 4, user_id: 'a' },
    { event_id: '2', event_timestamp: iso(start - 10 * MINUTE), ad_id: 'ad-1', bid: 1, user_id: 'b' },
    { event_id: '3', event_timestamp: iso(start), ad_id: 'ad-1', bid: null, user_id: 'b' },
  ]);
  const spine: { adId: string; atMs: number }[] = [];
  const expected: unknown[] = [];
  const see = async (afterMs: number): Promise<void> => {
    clock.atMs = start + afterMs;
    for (const adId of ['ad-1', 'never']) {
      const { rows } = await adPace.predict({ rows: [{ entities: { ad_id: adId } }], features: true });
      const [row] = rows;
      if (row === undefined || isLarderError(row)) throw row ?? new Error('no row');
      spine.push({ adId, atMs: clock.atMs });
      expected.push(
        Object.fromEntries((row.features ?? []).map(({ ref, value }) => [ref.replace('@1', ''), value])),
      );
    }
  };
  await see(1);
  clock.atMs = start + 2;
  await past.push([
    { event_id: '2', event_timestamp: iso(start - 10 * MINUTE), ad_id: 'ad-1', bid: 8, user_id: 'c' },
    { event_id: '3', event_timestamp: iso(start), retracted: true },
  ]);
  await see(3);
  await see(50 * MINUTE);
  await see(26 * HOUR);
  clock.atMs = start;

  const folder = await newFolder();
  const { manifest, rows } = await build(past, { folder, spine, cutOff: 'online' });
  const names = manifest.features.map(({ name }) => name);
  const pick = (row: unknown) =>
    Object.fromEntries(
      names.map((name) => {
        const value = (row as Record<string, unknown>)[name];
        return [name, typeof value === 'number' ? Math.fround(value) : value];
      }),
    );
  expect(rows.map(pick)).toEqual(expected.map(pick));
  expect(manifest.features.find(({ name }) => name === 'ad_stats:bid_mean_1h')).toMatchObject({
    not_found: 0,
    outside_max_age: 0,
    nulls: rows.filter((row) => row['ad_stats:bid_mean_1h'] === null).length,
  });
  expect(manifest.views).toContainEqual({
    ref: 'ad_stats@1',
    fingerprint: windows.view.fingerprint,
    ttl_ms: 'forever',
  });
  // as known by its source, an event counts from its arrival
  const { rows: known } = await build(past, { folder, spine });
  expect(known.map(pick)).toEqual(rows.map(pick));
});

test('with DuckDB, windowed views are joined by PostgreSQL and the others over the archive: the same rows', async ({
  windows,
  past,
}) => {
  const start = windows.clock.atMs;
  const ads = Array.from({ length: 20 }, (_, at) => `duck-${at}`);
  await past.push(
    ads.map((ad, at) => ({
      event_id: ad,
      event_timestamp: iso(start - at * 7 * MINUTE),
      ad_id: ad,
      bid: at,
      user_id: 'a',
    })),
  );
  for (const [at, ad] of ads.entries()) if (at % 2 === 0) await past.landImage(ad, at / 32, start - HOUR);
  const folder = await newFolder();
  const archiveFolder = join(folder, 'archive');
  const { store, definitions } = past;
  const archive = await openArchive(store, archiveFolder, definitions.manifest.project);
  const view = definitions.manifest.feature_views['ad_image@1'];
  if (view === undefined) throw new Error('The fixture has no ad_image@1.');
  const duckdb = await openDuckdb({ folders: [archiveFolder] });
  try {
    await archiveView(store, { project: definitions.manifest, view, archive, duckdb });
  } finally {
    await duckdb.close();
  }
  const spine = ads.map((adId, at) => ({ adId, atMs: start + at * MINUTE }));
  const [plain, both] = [
    await build(past, { folder, spine, engine: 'postgresql' }),
    await build(past, { folder, spine, engine: 'duckdb', archiveFolder }),
  ];
  expect(both.manifest.engine.name).toBe('duckdb');
  expect(both.rows).toEqual(plain.rows);
  expect(both.manifest.content_sha256).toBe(plain.manifest.content_sha256);
  expect(new Set(plain.rows.map((row) => row['ad_image:brightness'])).size).toBeGreaterThan(5);
  expect(new Set(plain.rows.map((row) => row['ad_stats:bid_1d'])).size).toBe(20);
});

test('windows over all events are those of no entity, at the time of each row, with either engine', async ({
  windows,
  past,
}) => {
  const now = windows.clock.atMs;
  // no other test has events then
  const start = now - 5 * 24 * HOUR;
  windows.clock.atMs = start;
  await past.push(
    [0, 20, 40].map((minutes) => ({
      event_id: `all-${minutes}`,
      event_timestamp: iso(start - minutes * MINUTE),
      ad_id: `all-${minutes}`,
      bid: minutes,
      user_id: 'a',
    })),
  );
  await past.landMood(0.5, start - HOUR);
  await past.landMood(0.25, start + HOUR);
  windows.clock.atMs = now;
  const folder = await newFolder();
  const archiveFolder = join(folder, 'archive');
  const { store, definitions } = past;
  const archive = await openArchive(store, archiveFolder, definitions.manifest.project);
  const duckdb = await openDuckdb({ folders: [archiveFolder] });
  try {
    for (const ref of ['market@1', 'ad_image@1']) {
      const view = definitions.manifest.feature_views[ref];
      if (view === undefined) throw new Error(`The fixture has no ${ref}.`);
      await archiveView(store, { project: definitions.manifest, view, archive, duckdb });
    }
  } finally {
    await duckdb.close();
  }
  const spine = [-1, 0, 35, 59, 90, 180].map((minutes) => ({
    adId: 'all-0',
    atMs: start + minutes * MINUTE,
  }));
  const references = ['traffic', 'market:mood', 'ad_stats:shown_1h'];
  const [plain, both] = [
    await build(past, { folder, spine, engine: 'postgresql', references }),
    await build(past, { folder, spine, engine: 'duckdb', archiveFolder, references }),
  ];
  expect(both.rows).toEqual(plain.rows);
  const names = ['traffic:shown_1h', 'traffic:bid_max_1h', 'market:mood', 'ad_stats:shown_1h'];
  expect(plain.rows.map((row) => names.map((name) => row[name]))).toEqual([
    [0, null, 0.5, 0],
    [3, 40, 0.5, 1],
    [2, 20, null, 1],
    [1, 0, null, 1],
    [0, null, 0.25, 0],
    [0, null, null, 0],
  ]);
});

test('rows whose windows begin before the retention of their events have no windows', async ({
  windows,
  past,
}) => {
  const spine = [-40, -1].map((days) => ({ adId: 'old', atMs: windows.clock.atMs + days * 24 * HOUR }));
  const { manifest, rows } = await build(past, { folder: await newFolder(), spine });
  expect(rows.map((row) => row['ad_stats:shown_1d'])).toEqual([null, 0]);
  expect(manifest.features.find(({ name }) => name === 'ad_stats:shown_1d')).toMatchObject({ not_found: 1 });
});
