import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isLarderError, type Clock } from '@larder/core';
import { connectRedis, createOnlineStore, waitForRedis } from '@larder/online-store';
import { projectKeyHasher } from '@larder/offline-store';
import { fixturePredictor, putRows } from '@larder/serving/testing';
import { expect } from 'vitest';
import { test, type LandedRow } from '../testing/history-test.ts';
import { readRows } from '../testing/read-rows.ts';
import { buildTrainingSet } from './build-training-set.ts';

const NOW_MS = Date.parse('2026-03-10T12:30:00.250Z');
const DAY_MS = 86_400_000;
const clock: Clock = { nowMs: () => NOW_MS };
const shopper = { country: 'NL', shopper_id: 7 };
const embedding = Float32Array.from([0.5, 0.1, -1, 2]);

/** Present and null values, rows at the edge of their TTL and beyond it, and entities without any. */
const LANDED: readonly LandedRow[] = [
  {
    ref: 'ad_image@1',
    keys: { ad_id: 'full' },
    values: { embedding, brightness: 0.3, note: 'x' },
    eventTimestampMs: NOW_MS,
  },
  {
    ref: 'ad_stats@1',
    keys: { ad_id: 'full' },
    values: { impressions: 2n ** 60n, clicks: 4, ctr: 0.1 },
    eventTimestampMs: NOW_MS - 7 * DAY_MS,
  },
  {
    ref: 'shopper_profile@1',
    keys: shopper,
    values: { age: 31.7, premium: true },
    eventTimestampMs: NOW_MS - DAY_MS,
  },
  {
    ref: 'ad_image@1',
    keys: { ad_id: 'nulls' },
    values: { embedding: null, brightness: null, note: null },
    eventTimestampMs: NOW_MS - DAY_MS,
  },
  {
    ref: 'ad_stats@1',
    keys: { ad_id: 'nulls' },
    values: { impressions: 400n, clicks: null, ctr: null },
    eventTimestampMs: NOW_MS - DAY_MS,
  },
  {
    ref: 'ad_stats@1',
    keys: { ad_id: 'stale' },
    values: { impressions: 400n, clicks: 4, ctr: 0.5 },
    eventTimestampMs: NOW_MS - 7 * DAY_MS - 1,
  },
];

const REQUESTS = [
  { requested_at: '2026-03-10T14:30:00.250+02:00', placement: 'feed', bid: 0.1 },
  { requested_at: '2026-03-10T23:59:59.999Z', placement: 'a,"b"', bid: 3 },
];

test('features of a set are those that a prediction shows at the same instant, bit by bit', async ({
  history,
  folder,
  redis,
}) => {
  await history.land(LANDED);
  const connection = connectRedis(redis.url, { role: 'serving' });
  await waitForRedis(connection, 30_000);
  const { project } = history;
  const onlineStore = createOnlineStore({
    redis: connection,
    project: project.name,
    keyHasher: () => projectKeyHasher(history.store, project.name),
  });
  await putRows(onlineStore, project, LANDED);
  const predictor = await fixturePredictor({ project, onlineStore, model: 'ad_ctr', clock });
  try {
    const inputs = ['full', 'nulls', 'stale', 'unknown'].flatMap((ad_id) =>
      REQUESTS.map((request, i) => ({
        entities: { ad_id, ...(i === 0 ? shopper : { country: 'NL', shopper_id: 404 }) },
        request,
      })),
    );
    const { rows: predicted } = await predictor.predict({
      rows: inputs,
      rowsPointer: '/rows',
      features: true,
    });

    const spine = join(folder, 'spine.csv');
    const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
    const lines = inputs.map(({ entities, request }) =>
      [
        entities.ad_id,
        entities.country,
        entities.shopper_id,
        '2026-03-10T12:30:00.250Z',
        request.requested_at,
        quoted(request.placement),
        request.bid,
      ].join(','),
    );
    await writeFile(
      spine,
      `ad_id,country,shopper_id,event_timestamp,requested_at,placement,bid\n${lines.join('\n')}\n`,
    );
    const { store, definitions } = history;
    const manifest = await buildTrainingSet(
      { store, definitions, connections: {}, actor: 'test', clock },
      {
        features: { kind: 'model', model: 'ad_ctr', version: 1 },
        spine: { kind: 'file', path: spine, format: 'csv' },
        folder: join(folder, 'set'),
      },
    );
    const rows = await readRows(join(folder, 'set', 'rows.parquet'));
    const { inputs: modelInputs } = definitions.manifest.models['ad_ctr'] ?? { inputs: [] };
    const names = modelInputs.flatMap(({ view, features }) => features.map((name) => `${view}:${name}`));
    expect(manifest.features.map(({ name }) => name)).toEqual(names);
    const shown = predicted.map((row) => {
      if (isLarderError(row)) throw row;
      return (row.features ?? []).map(({ ref, value, status, source }) => ({
        ref: ref.replace(/@\d+/, ''),
        value,
        status,
        source,
      }));
    });
    expect(
      rows.map((row) => manifest.features.map(({ name, type }) => [name, exact(type, row[name])])),
    ).toEqual(
      shown.map((features) =>
        manifest.features.map(({ name, type }) => [
          name,
          exact(type, features.find(({ ref }) => ref === name)?.value),
        ]),
      ),
    );
    const statuses = new Set(shown.flatMap((features) => features.map(({ status }) => status)));
    expect(statuses).toEqual(new Set(['PRESENT', 'NULL_VALUE', 'NOT_FOUND', 'OUTSIDE_MAX_AGE']));
    const counted = Object.fromEntries(manifest.features.map((feature) => [feature.name, feature]));
    for (const name of names) {
      const each = shown.map((features) => features.find(({ ref }) => ref === name));
      expect(counted[name]).toMatchObject({
        nulls: each.filter((feature) => feature?.value === null).length,
        defaults_used: each.filter((feature) => feature?.source === 'default' && feature.value !== null)
          .length,
      });
    }
  } finally {
    await predictor.runner.close();
    connection.disconnect();
  }
});

/** JSON shows a float32 by its shortest digits, and Parquet holds the float32. */
function exact(type: string, value: unknown): unknown {
  if (typeof value === 'number') return type === 'float64' ? value : Math.fround(value);
  return Array.isArray(value) ? value.map((item) => exact('float32', item)) : value;
}
