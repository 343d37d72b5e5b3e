import { createLogger } from '@larder/core';
import { createOfflineStore, createPredictionLog, migrate } from '@larder/offline-store';
import { expect } from 'vitest';
import { fixturePredictor, putRows } from '../testing/index.ts';
import { test } from '../testing/served-test.ts';

const SHOPPER = { country: 'NL', shopper_id: 7 };
const REQUEST = { requested_at: '2026-11-20T06:30:00+00:00', placement: 'feed', bid: 0.5 };

test('the log keeps the request and pointers to the stored rows, for answered rows only', async ({
  served,
  database,
}) => {
  const { onlineStore, project } = served;
  const store = createOfflineStore({
    databaseUrl: database.url,
    logger: createLogger('test', { level: 'silent' }),
  });
  await migrate(store);
  const predictionLog = createPredictionLog({
    store,
    project: project.name,
    logger: createLogger('test', { level: 'silent' }),
  });
  const predictor = await fixturePredictor({ project, onlineStore, model: 'ad_ctr', predictionLog });
  const eventTimestampMs = Date.now() - 5_000;
  const values = { embedding: Float32Array.of(1, 2, 3, 4), brightness: 0.5, note: null };
  await putRows(onlineStore, project, [
    { ref: 'ad_image@1', keys: { ad_id: 'ad-l' }, values, eventTimestampMs, revision: 9 },
    { ref: 'ad_image@1', keys: { ad_id: 'ad-m' }, values: { ...values, brightness: null } },
  ]);

  const rows = [
    { entities: { ad_id: 'ad-l' } },
    { entities: { ad_id: 5 } },
    {
      entities: { ad_id: 'ad-m' },
      request: { placement: 'side', requested_at: REQUEST.requested_at, bid: 2 },
    },
  ];
  const { rows: answered, outputs } = await predictor.predict({
    rows,
    shared: { entities: SHOPPER, request: REQUEST },
    rowsPointer: '/rows',
    alias: { alias: 'challenger', moveId: 12 },
  });
  const { rows: explicit } = await predictor.predict({
    rows: [{ entities: { ad_id: 'ad-l', ...SHOPPER }, request: REQUEST }],
  });
  await predictionLog.close();
  const { rows: logged } = await store.pool.query(
    `select prediction_id, model, version, alias, alias_move_id, entities, request, outputs, degraded, degraded_reasons, views, on_demand, entity_keys, scalars, defaults_used, output, features_us, on_demand_us, model_us from larder.predictions order by prediction_id`,
  );
  expect(logged).toHaveLength(3);
  const [first, second, third] = logged;
  const ids = [...answered, ...explicit].flatMap((row) => ('predictionId' in row ? [row.predictionId] : []));
  expect(logged.map((row) => row.prediction_id)).toEqual(ids);
  expect(first).toMatchObject({
    model: 'ad_ctr',
    version: 1,
    alias: 'challenger',
    alias_move_id: 12,
    entities: { ad_id: 'ad-l', ...SHOPPER },
    request: REQUEST,
    degraded: true,
    degraded_reasons: ['ad_stats@1:NOT_FOUND', 'shopper_profile@1:NOT_FOUND'],
    on_demand: { offer: { smoothed: 0.01, in_feed: true } },
    entity_keys: ['ad:ad-l', 'shopper:NL|7'],
    defaults_used: ['shopper_profile@1:premium', 'offer:smoothed'],
    output: first.outputs.ctr,
    features_us: expect.any(Number),
    on_demand_us: expect.any(Number),
    model_us: expect.any(Number),
  });
  const angle = (2 * Math.PI * 6) / 24;
  const scalars = [0.5, NaN, Math.sin(angle), Math.cos(angle), NaN, 0, 0.01, 1, Math.cos(angle) * 0.5];
  expect(first.scalars.map(Math.fround)).toEqual(scalars.map(Math.fround));
  expect(Math.fround(first.outputs.ctr)).toBe(outputs['ctr']?.[0]);
  expect(first.views).toEqual([
    {
      ref: 'ad_image@1',
      status: 'PRESENT',
      event_timestamp_ms: eventTimestampMs,
      created_timestamp_ms: eventTimestampMs,
      revision: 9,
    },
    {
      ref: 'ad_stats@1',
      status: 'NOT_FOUND',
      event_timestamp_ms: null,
      created_timestamp_ms: null,
      revision: null,
    },
    {
      ref: 'shopper_profile@1',
      status: 'NOT_FOUND',
      event_timestamp_ms: null,
      created_timestamp_ms: null,
      revision: null,
    },
  ]);
  expect(second).toMatchObject({
    entities: { ad_id: 'ad-m' },
    request: { placement: 'side' },
    on_demand: { offer: { in_feed: false } },
    entity_keys: ['ad:ad-m', 'shopper:NL|7'],
    defaults_used: ['ad_image@1:brightness', 'shopper_profile@1:premium', 'offer:smoothed'],
    scalars: expect.toSatisfy((of: number[]) => of[7] === 0 && of.length === scalars.length),
  });
  expect(third).toMatchObject({ version: 1, alias: null, alias_move_id: null });
  await predictor.runner.close();
  await store.close();
});
