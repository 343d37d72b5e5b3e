import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '@larder/core';
import { projectKeyHasher } from '@larder/offline-store';
import { expect } from 'vitest';
import { test, type History } from '../testing/history-test.ts';
import { readRows } from '../testing/read-rows.ts';
import { buildAgain, buildTrainingSet } from './build-training-set.ts';
import { readTrainingSet } from './record/read-training-sets.ts';
import type { TrainingSetRequest } from './training-set-request.ts';
import type { TrainingSetStatistics } from './training-set-statistics.ts';

const START_MS = Date.parse('2026-03-01T00:00:00Z');
const HOUR_MS = 3_600_000;

function depsOf({ store, definitions }: History, connections: Record<string, string> = {}) {
  return { store, definitions, connections, actor: 'test', clock: systemClock };
}

/** 100 rows, two at each hour, of ten ads whose brightness is their number. */
async function writeSpine(folder: string): Promise<string> {
  const path = join(folder, 'spine.csv');
  const lines = Array.from({ length: 100 }, (_, i) =>
    [i % 3, `ad-${i % 10}`, new Date(START_MS + Math.floor(i / 2) * HOUR_MS).toISOString()].join(','),
  );
  await writeFile(path, `label,ad_id,event_timestamp\n${lines.join('\n')}\n`);
  return path;
}

async function land(history: History): Promise<void> {
  await history.land(
    Array.from({ length: 9 }, (_, i) => ({
      ref: 'ad_image@1',
      keys: { ad_id: `ad-${i}` },
      values: {
        brightness: i,
        embedding: Float32Array.from([3, 4, 0, 0]),
        note: i % 2 === 0 ? 'even' : null,
      },
      eventTimestampMs: START_MS - HOUR_MS,
    })),
  );
}

test('a set, its parts, its statistics and its record', async ({ history, folder }) => {
  await land(history);
  const request: Omit<TrainingSetRequest, 'folder'> = {
    features: { kind: 'list', references: ['ad_image'] },
    spine: { kind: 'file', path: await writeSpine(folder), format: 'csv' },
    split: { by: 'time', shares: [0.79, 0.1, 0.11] },
  };
  const set = join(folder, 'set');
  await mkdir(set);
  const manifest = await buildTrainingSet(depsOf(history), { ...request, folder: set });

  // Rows of one instant stay together: 79 rows would end in the middle of an hour.
  expect((await readdir(set)).toSorted()).toEqual([
    'manifest.json',
    'statistics.json',
    'test.parquet',
    'train.parquet',
    'validation.parquet',
  ]);
  const parts = await Promise.all(
    ['train', 'validation', 'test'].map((part) => readRows(join(set, `${part}.parquet`))),
  );
  expect(parts.map(({ length }) => length)).toEqual([78, 10, 12]);
  expect(manifest.split).toMatchObject({
    by: 'time',
    boundaries: [
      new Date(START_MS + 39 * HOUR_MS).toISOString().replace('Z', '000Z'),
      new Date(START_MS + 44 * HOUR_MS).toISOString().replace('Z', '000Z'),
    ],
  });
  for (const { path, sha256 } of manifest.files)
    expect(
      createHash('sha256')
        .update(await readFile(join(set, path)))
        .digest('hex'),
    ).toBe(sha256);

  const statistics = JSON.parse(
    await readFile(join(set, 'statistics.json'), 'utf8'),
  ) as TrainingSetStatistics;
  const byName = Object.fromEntries(statistics.features.map((feature) => [feature.name, feature]));
  const values = (parts[0] ?? []).map((row) => row['ad_image:brightness'] as number);
  expect(statistics).toMatchObject({ part: 'train', rows: 78 });
  expect(byName['ad_image:brightness']).toMatchObject({
    count: 78,
    nulls: 0,
    not_finite: 0,
    min: 0,
    max: 8,
    quantiles: {
      '0.5': values
        .toSorted((a, b) => a - b)
        .slice(38, 40)
        .reduce((sum, value) => sum + value / 2, 0),
    },
  });
  expect(byName['ad_image:brightness']?.mean).toBeCloseTo(
    values.reduce((sum, value) => sum + value, 0) / 78,
    9,
  );
  const { edges = [], counts = [] } = byName['ad_image:brightness']?.histogram ?? {};
  expect(counts).toEqual(
    edges
      .slice(1)
      .map(
        (edge, i) =>
          values.filter((value) => value >= (edges[i] as number) && (value < edge || i === edges.length - 2))
            .length,
      ),
  );
  expect(byName['ad_image:note']).toMatchObject({
    nulls: 39,
    top: [{ value: 'even', count: 39 }],
    distinct: 1,
  });
  expect(byName['ad_image:embedding']).toMatchObject({ count: 71, nulls: 7, min: 5, max: 5 });

  const record = await readTrainingSet(history.store, 'shop', manifest.training_set_id);
  expect(record).toMatchObject({ status: 'complete', manifest, statistics, folder: set });
  const { key_hashes: hashes } = await history.store.db
    .selectFrom('larder.training_sets')
    .select('key_hashes')
    .where('training_set_id', '=', manifest.training_set_id)
    .executeTakeFirstOrThrow();
  const hasher = await projectKeyHasher(history.store, 'shop');
  const prefixes = Array.from({ length: 10 }, (_, i) => hasher('ad', `ad-${i}`).subarray(0, 8));
  expect(hashes).toEqual(Buffer.concat(prefixes.toSorted((a, b) => a.compare(b))));
});

test('a set is built again from its manifest; changed rows are refused', async ({ history, folder }) => {
  const path = await writeSpine(folder);
  const manifest = await buildTrainingSet(depsOf(history), {
    features: { kind: 'list', references: ['ad_image:brightness', 'ad_image:note'] },
    spine: { kind: 'file', path, format: 'csv' },
    split: { by: 'group', column: 'ad_id', shares: [0.7, 0.3] },
    format: 'csv',
    folder: join(folder, 'first'),
  });
  await history.land([
    {
      ref: 'ad_image@1',
      keys: { ad_id: 'ad-9' },
      values: { brightness: 99 },
      eventTimestampMs: START_MS - HOUR_MS,
    },
  ]);
  const again = await buildAgain(depsOf(history), { manifest, folder: join(folder, 'again') });
  expect(again).toMatchObject({
    again_of: manifest.training_set_id,
    content_sha256: manifest.content_sha256,
    split: manifest.split,
  });
  const [train, tested] = await Promise.all(
    ['train.csv', 'test.csv'].map(async (file) => {
      const text = await readFile(join(folder, 'first', file), 'utf8');
      expect(await readFile(join(folder, 'again', file), 'utf8')).toBe(text);
      return new Set(
        text
          .split('\n')
          .slice(1)
          .flatMap((line) => line.split(',')[1] ?? []),
      );
    }),
  );
  expect([...(train ?? [])].filter((ad) => tested?.has(ad))).toEqual([]);

  await writeFile(path, (await readFile(path, 'utf8')).replace('\n0,ad-0', '\n1,ad-0'));
  await expect(
    buildAgain(depsOf(history), { manifest, folder: join(folder, 'other') }),
  ).rejects.toMatchObject({
    code: 'TRAINING_SET_CHANGED',
    message: expect.stringMatching(/its spine/) as string,
  });
});

test('rows from a query keep microseconds, and any other columns', async ({ history, folder, database }) => {
  await history.store.pool
    .query(`create table clicks (ad_id text, at timestamptz, label int, price numeric(8, 2), note text);
    insert into clicks values ('ad-1', '2026-03-10 12:00:00.000001+00', 1, 1.25, 'a,"b"'), ('ad-2', '2026-03-10 12:00:00+00', 0, null, '')`);
  const manifest = await buildTrainingSet(depsOf(history, { shop: database.url }), {
    features: { kind: 'list', references: ['ad_image:brightness'] },
    spine: { kind: 'sql', connection: 'shop', query: 'select * from clicks order by label desc;' },
    timeColumn: 'at',
    folder: join(folder, 'set'),
  });
  expect(manifest.spine.columns.map(({ name, type, role }) => `${name} ${type} ${role}`)).toEqual([
    'ad_id string key',
    'at timestamp time',
    'label int64 passed',
    'price float64 passed',
    'note string passed',
  ]);
  expect(manifest.spine).toMatchObject({ rows: 2, utc_assumed: false });
  const rows = await readRows(join(folder, 'set', 'rows.parquet'));
  expect(rows.map(({ ad_id, label, price, note }) => [ad_id, label, price, note])).toEqual([
    ['ad-1', 1n, 1.25, 'a,"b"'],
    ['ad-2', 0n, null, ''],
  ]);
  await expect(
    buildTrainingSet(depsOf(history, { shop: database.url }), {
      features: { kind: 'list', references: ['ad_image'] },
      spine: { kind: 'sql', connection: 'shop', query: 'delete from clicks returning *' },
      folder: join(folder, 'other'),
    }),
  ).rejects.toMatchObject({ code: 'SOURCE_QUERY_INVALID' });
});

test('a folder that holds something is not touched, and a stopped build leaves nothing', async ({
  history,
  folder,
}) => {
  const spine = { kind: 'file', path: await writeSpine(folder), format: 'csv' } as const;
  const features = { kind: 'list', references: ['ad_image'] } as const;
  await expect(buildTrainingSet(depsOf(history), { features, spine, folder })).rejects.toMatchObject({
    code: 'FOLDER_NOT_EMPTY',
  });
  const aborting = new AbortController();
  const set = join(folder, 'set');
  await expect(
    buildTrainingSet(
      depsOf(history),
      { features, spine, folder: set },
      { signal: aborting.signal, onProgress: ({ stage }) => stage === 'join' && aborting.abort() },
    ),
  ).rejects.toMatchObject({ code: 'TRAINING_SET_STOPPED' });
  expect(await readdir(folder)).toEqual(['spine.csv']);
});
