import { join } from 'node:path';
import { createLogger, systemClock } from '@larder/core';
import { type FeatureViewManifest, type FieldValue, type Manifest } from '@larder/features';
import { appendHistory, createPredictionLog, ensureHistory, type OfflineStore } from '@larder/offline-store';
import { prediction } from '@larder/offline-store/testing/prediction';
import { expect } from 'vitest';
import { test, type History } from '../testing/history-test.ts';
import { comparableViews } from './comparable-views.ts';
import { compareHistory } from './compare-history.ts';
import { comparePredictions } from './compare-predictions.ts';
import { replaceView } from './replace-view.ts';

const NOW_MS = Date.now();
const HOUR_MS = 3_600_000;

/** The fixture with `ad_image@2` and `ad_stats@2` beside the first versions. */
function withSecond({ definitions }: History, changed: Partial<FeatureViewManifest> = {}): Manifest {
  const { manifest } = definitions;
  const second = (ref: string) =>
    ({ ...manifest.feature_views[ref], version: 2, ...changed }) as FeatureViewManifest;
  return {
    ...manifest,
    feature_views: {
      ...manifest.feature_views,
      'ad_image@2': second('ad_image@1'),
      'ad_stats@2': second('ad_stats@1'),
    },
  };
}

interface Landed {
  readonly ref: string;
  readonly adId: string;
  readonly values: Readonly<Record<string, FieldValue>>;
  readonly hoursAgo: number;
}

async function land(store: OfflineStore, manifest: Manifest, rows: readonly Landed[]): Promise<void> {
  for (const ref of new Set(rows.map((row) => row.ref)))
    await ensureHistory(store, manifest, manifest.feature_views[ref] as FeatureViewManifest);
  await store.transaction(async (tx) => {
    for (const { ref, adId, values, hoursAgo } of rows) {
      const eventTimestampMs = NOW_MS - hoursAgo * HOUR_MS;
      await appendHistory(tx, manifest, manifest.feature_views[ref] as FeatureViewManifest, [
        {
          keys: { ad_id: adId },
          eventTimestampMs,
          createdTimestampMs: eventTimestampMs,
          revision: 1,
          chunkId: 1,
          inputHash: 0n,
          values,
        },
      ]);
    }
  });
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

test('coverage, distributions and changed values of the newest rows', async ({ history }) => {
  const manifest = withSecond(history);
  const stats = (ref: string, adId: string, ctr: number | null, hoursAgo = 1): Landed => ({
    ref,
    adId,
    hoursAgo,
    values: { impressions: 9_007_199_254_740_993n, clicks: 1, ctr },
  });
  await land(history.store, manifest, [
    stats('ad_stats@1', 'a', 0.1, 2),
    stats('ad_stats@1', 'a', 0.25),
    stats('ad_stats@1', 'b', null),
    stats('ad_stats@1', 'c', 0.5, 24 * 8),
    stats('ad_stats@2', 'a', 0.75),
    stats('ad_stats@2', 'b', null),
    stats('ad_stats@2', 'd', 1),
  ]);
  const views = comparableViews(manifest, ['ad_stats@1', 'ad_stats@2']);
  const { coverage, features } = await compareHistory(history.store, manifest, views);
  expect(coverage).toEqual({ before: 3, after: 3, both: 2, before_fresh: 2, after_fresh: 3 });
  expect(features.map(({ name, changed }) => [name, changed])).toEqual([
    ['impressions', 0],
    ['clicks', 0],
    ['ctr', 1],
  ]);
  expect(features[2]).toMatchObject({
    mean_difference: 0.5,
    before: { nulls: 1, quantiles: [0.25, 0.25, 0.25, 0.25, 0.5, 0.5, 0.5], mean: 0.375 },
    after: { nulls: 1, mean: 0.875 },
  });
});

test('vectors and texts are compared as a whole', async ({ history }) => {
  const manifest = withSecond(history);
  const image = (ref: string, adId: string, first: number): Landed => ({
    ref,
    adId,
    hoursAgo: 1,
    values: { embedding: Float32Array.of(first, 0, 0, 0), brightness: null, note: `${first}` },
  });
  await land(history.store, manifest, [
    image('ad_image@1', 'v-1', 1),
    image('ad_image@1', 'v-2', 1),
    image('ad_image@2', 'v-1', 1),
    image('ad_image@2', 'v-2', 2),
  ]);
  const views = comparableViews(manifest, ['ad_image@1', 'ad_image@2']);
  const { features } = await compareHistory(history.store, manifest, views);
  expect(features).toMatchObject([
    { name: 'embedding', changed: 1, mean_difference: null, before: { nulls: 0, quantiles: null } },
    { name: 'brightness', changed: 0, before: { nulls: 2, quantiles: null, mean: null } },
    { name: 'note', changed: 1 },
  ]);
});

test('logged requests are scored with either version, as known at their time', async ({
  history,
  folder,
}) => {
  const { store, project, definitions } = history;
  const manifest = withSecond(history);
  const bright = (ref: string, adId: string, brightness: number, hoursAgo: number): Landed => ({
    ref,
    adId,
    hoursAgo,
    values: { embedding: null, brightness, note: null },
  });
  await land(store, manifest, [
    bright('ad_image@1', 'p-1', 1, 5),
    bright('ad_image@2', 'p-1', 3, 5),
    bright('ad_image@2', 'p-1', 9, 1),
    bright('ad_image@1', 'p-2', 2, 5),
    bright('ad_image@2', 'p-2', 2, 5),
  ]);
  const log = createPredictionLog({
    store,
    project: 'shop',
    logger: createLogger('test', { level: 'silent' }),
  });
  for (const adId of ['p-1', 'p-2', 'p-3'])
    log.append(
      prediction({
        model: 'ad_brightness',
        predictedAtMs: NOW_MS - 2 * HOUR_MS,
        entities: { ad_id: adId },
        request: {},
      }),
    );
  await log.close();
  const own = definitions.manifest.models['ad_brightness'];
  const compared = await comparePredictions(
    { store, definitions, connections: {}, actor: 'test', clock: systemClock, temporaryFolder: folder },
    comparableViews(manifest, ['ad_image@1', 'ad_image@2']),
    {
      model: {
        name: 'ad_brightness',
        version: 1,
        folder: join(project.configPath, '..', own?.artifact.path ?? ''),
      },
      limit: 100,
      tolerance: 0.01,
    },
  );
  // p-3 has no row in either version: the declared default
  const [one, three] = [sigmoid(1), sigmoid(3)];
  expect(compared).toMatchObject({ model: 'ad_brightness', version: 1, output: 'score', predictions: 3 });
  expect(compared.mean_difference).toBeCloseTo((three - one) / 3, 5);
  expect(compared.max_difference).toBeCloseTo(three - one, 5);
  expect(compared.mean_before).toBeCloseTo((one + sigmoid(2) + sigmoid(0.5)) / 3, 5);
  expect(compared.quantiles.p50).toBeCloseTo(0, 6);
  expect(compared.beyond).toBeCloseTo(1 / 3, 6);
  const { rows } = await store.pool.query('select 1 from larder.training_sets');
  expect(rows).toEqual([]);
});

test('a model that cannot read the later version is refused', ({ history }) => {
  const { definitions } = history;
  const of = (manifest: Manifest, model: string, refs: readonly [string, string]) =>
    replaceView(definitions, model, comparableViews(manifest, refs));
  const same = withSecond(history);
  const swapped = of(same, 'ad_ctr', ['ad_stats@1', 'ad_stats@2']).manifest;
  expect(swapped.models['ad_ctr']?.inputs[1]).toMatchObject({ view: 'ad_stats', version: 2 });
  expect(swapped.on_demand_feature_views['offer']?.inputs[0]).toMatchObject({ version: 2 });
  expect(() => of(same, 'ad_brightness', ['ad_stats@1', 'ad_stats@2'])).toThrow(/does not read ad_stats@1/);
  const other = withSecond(history, { schema: [{ name: 'ctr', type: 'float32' }] });
  expect(() => of(other, 'ad_ctr', ['ad_stats@1', 'ad_stats@2'])).toThrow(/reads .*ctr.*another type/);
  expect(() => comparableViews(same, ['ad_stats@1', 'ad_stats@3'])).toThrow(/No view version ad_stats@3/);
  expect(() => comparableViews(same, ['ad_stats@1', 'shopper_profile@1'])).toThrow(
    /only views of one entity/,
  );
});

test('windowed views are not compared by rows, which they do not have', ({ history }) => {
  const windowed = { event_source: 'ad_events', windows: [], aggregates: [] };
  const manifest = withSecond(history, { windowed });
  expect(() => comparableViews(manifest, ['ad_stats@1', 'ad_stats@2'])).toThrow(
    /^ad_stats@2 is a windowed view.* larder training-set build --features ad_stats@1,ad_stats@2/,
  );
});
