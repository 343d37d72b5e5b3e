import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openDuckdb } from '@larder/archive';
import { systemClock } from '@larder/core';
import { expect } from 'vitest';
import { test, type History } from '../testing/history-test.ts';
import { buildTrainingSet } from './build-training-set.ts';

const HOUR_MS = 3_600_000;
const NOON_MS = Date.parse('2026-03-10T12:00:00Z');

function depsOf({ store, definitions }: History) {
  return { store, definitions, connections: {}, actor: 'test', clock: systemClock };
}

async function rowsOf(path: string, folder: string) {
  const duckdb = await openDuckdb({ folders: [folder] });
  try {
    return await duckdb.all<Record<string, unknown>>(`select * from '${path}'`);
  } finally {
    await duckdb.close();
  }
}

test('rows of a CSV file get the values that were known at their time, in the order of the file', async ({
  history,
  folder,
}) => {
  await history.land([
    { ref: 'ad_image@1', keys: { ad_id: 'ad-1' }, values: { brightness: 0.25 }, eventTimestampMs: NOON_MS },
    {
      ref: 'ad_image@1',
      keys: { ad_id: 'ad-1' },
      values: { brightness: 0.75 },
      eventTimestampMs: NOON_MS + HOUR_MS,
    },
    { ref: 'ad_image@1', keys: { ad_id: 'ad,"2' }, values: { brightness: 0.5 }, eventTimestampMs: NOON_MS },
  ]);
  const spine = join(folder, 'spine.csv');
  await writeFile(
    spine,
    'label,ad_id,event_timestamp\n' +
      '1,ad-1,2026-03-10T13:00:00Z\n' +
      '0,ad-1,2026-03-10 12:59:59.999999\n' +
      '0,"ad,""2",2026-03-10T14:00:00+02:00\n' +
      '1,ad-1,2026-03-10T11:59:59.999999Z\n' +
      '1,ad-1,2026-03-10T13:00:00Z\n',
  );
  const out = join(folder, 'set');
  const manifest = await buildTrainingSet(depsOf(history), {
    features: { kind: 'list', references: ['ad_image:brightness'] },
    spine: { kind: 'file', path: spine, format: 'csv' },
    folder: out,
  });
  const rows = await rowsOf(join(out, 'rows.parquet'), out);
  expect(rows.map((row) => [row['label'], row['ad_id'], row['ad_image:brightness']])).toEqual([
    [1n, 'ad-1', 0.75],
    [0n, 'ad-1', 0.25],
    [0n, 'ad,"2', 0.5],
    [1n, 'ad-1', 0.5],
    [1n, 'ad-1', 0.75],
  ]);
  expect(manifest.spine).toMatchObject({ rows: 5, utc_assumed: true });
  expect(manifest.features).toMatchObject([
    { name: 'ad_image:brightness', nulls: 0, defaults_used: 1, not_found: 1 },
  ]);
  expect(JSON.parse(await readFile(join(out, 'manifest.json'), 'utf8'))).toEqual(manifest);
});

test('columns of the spine may have the names that a build uses itself', async ({ history, folder }) => {
  const spine = join(folder, 'spine.csv');
  await writeFile(
    spine,
    'row,at,s0,S,ad_id,event_timestamp\n70,x,y,z,ad-1,2026-03-10T13:00:00Z\n60,a,b,c,ad-1,2026-03-10T13:00:00Z\n',
  );
  const out = join(folder, 'set');
  await buildTrainingSet(depsOf(history), {
    features: { kind: 'list', references: ['ad_image:brightness'] },
    spine: { kind: 'file', path: spine, format: 'csv' },
    folder: out,
  });
  const rows = await rowsOf(join(out, 'rows.parquet'), out);
  expect(rows.map(({ row, at, s0, S }) => [row, at, s0, S])).toEqual([
    [70n, 'x', 'y', 'z'],
    [60n, 'a', 'b', 'c'],
  ]);
});
