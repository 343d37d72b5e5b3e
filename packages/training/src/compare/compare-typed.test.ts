import { join } from 'node:path';
import { createLogger, systemClock } from '@larder/core';
import type { FeatureViewManifest, Manifest } from '@larder/features';
import { appendHistory, createPredictionLog, ensureHistory } from '@larder/offline-store';
import { prediction } from '@larder/offline-store/testing/prediction';
import { expect } from 'vitest';
import { test as base } from '../testing/history-test.ts';
import { comparableViews } from './comparable-views.ts';
import { comparePredictions } from './compare-predictions.ts';

const test = base.override({
  config: [async ({}, use) => use('kinds.config.ts'), { scope: 'file' }],
});

const NOW_MS = Date.now();
const HOUR_MS = 3_600_000;

test('a model with several typed inputs is compared over either version of a view', async ({
  history,
  folder,
}) => {
  const { store, project, definitions } = history;
  const second = { ...definitions.manifest.feature_views['ad_image@1'], version: 2 } as FeatureViewManifest;
  const manifest: Manifest = {
    ...definitions.manifest,
    feature_views: { ...definitions.manifest.feature_views, 'ad_image@2': second },
  };
  await ensureHistory(store, manifest, second);
  const eventTimestampMs = NOW_MS - 5 * HOUR_MS;
  const times = { eventTimestampMs, createdTimestampMs: eventTimestampMs, revision: 1, chunkId: 1 };
  await store.transaction(async (tx) => {
    for (const [ref, note] of [
      ['ad_image@1', 'red'],
      ['ad_image@2', 'blue'],
    ] as const)
      await appendHistory(tx, manifest, manifest.feature_views[ref] as FeatureViewManifest, [
        { ...times, keys: { ad_id: 'a' }, inputHash: 0n, values: { embedding: null, brightness: 1, note } },
      ]);
  });
  const log = createPredictionLog({
    store,
    project: 'shop',
    logger: createLogger('test', { level: 'silent' }),
  });
  for (const ad_id of ['a', 'nobody'])
    log.append(
      prediction({
        model: 'ad_typed',
        predictedAtMs: NOW_MS - HOUR_MS,
        entities: { ad_id, country: 'NL', shopper_id: 7 },
        request: { bid: 0.5 },
      }),
    );
  await log.close();
  const compared = await comparePredictions(
    { store, definitions, connections: {}, actor: 'test', clock: systemClock, temporaryFolder: folder },
    comparableViews(manifest, ['ad_image@1', 'ad_image@2']),
    {
      model: { name: 'ad_typed', version: 1, folder: join(project.root, 'models/ad_typed') },
      limit: 100,
      tolerance: 0.01,
    },
  );
  // Red is worth 100, blue 200, and a text that is missing -1.
  expect(compared).toMatchObject({
    model: 'ad_typed',
    output: 'score',
    predictions: 2,
    mean_before: (1 + 0.5 + 100 + (0.5 + 0.5 - 1)) / 2,
    mean_after: (1 + 0.5 + 200 + (0.5 + 0.5 - 1)) / 2,
    max_difference: 100,
    beyond: 0.5,
  });
});
