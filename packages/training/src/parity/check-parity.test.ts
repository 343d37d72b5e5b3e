import { createLogger, systemClock } from '@larder/core';
import { loadedFunctions, type FieldValue, type LoadedProject } from '@larder/features';
import {
  appendHistory,
  createOfflineStore,
  createPredictionLog,
  ensureHistory,
  migrate,
  projectKeyHasher,
  type OfflineStore,
} from '@larder/offline-store';
import { connectRedis, createOnlineStore, waitForRedis, type OnlineStore } from '@larder/online-store';
import { fixturePredictor, openFixture, putRows } from '@larder/serving/testing';
import { test as base } from '@larder/testing';
import { expect, inject } from 'vitest';
import type { TrainingSetDefinitions } from '../training-set/build-training-set.ts';
import { checkParity } from './check-parity.ts';

const HOUR_MS = 3_600_000;
const SHOPPER = { country: 'NL', shopper_id: 7 };
const REQUEST = { requested_at: '2026-11-20T06:30:00+00:00', placement: 'feed', bid: 0.5 };
const logger = createLogger('test', { level: 'silent' });

interface Logged {
  readonly store: OfflineStore;
  readonly onlineStore: OnlineStore;
  readonly project: LoadedProject;
  readonly definitions: TrainingSetDefinitions;
  /** Lands a row in history and online, as landing does; the online store confirmed it an hour ago unless said otherwise. */
  land(row: Landed): Promise<void>;
  /** Predicts for one ad and returns the id, which is in the log. `tookMs`: how long ago the request began. */
  predict(adId: string, tookMs?: number): Promise<string>;
}

interface Landed {
  readonly ref?: string;
  readonly keys: Readonly<Record<string, FieldValue>>;
  readonly values: Readonly<Record<string, FieldValue>>;
  readonly ageMs?: number;
  /** Null: not confirmed. */
  readonly confirmedMs?: number | null;
  readonly only?: 'history' | 'online';
}

const test = base.extend<{ $file: { logged: Logged } }>({
  logged: [
    async ({ database, redis }, use) => {
      const store = createOfflineStore({ databaseUrl: database.url, logger });
      await migrate(store);
      const connection = connectRedis(redis.url, { role: 'serving' });
      await waitForRedis(connection, 30_000);
      const project = await openFixture(inject('testFolder'), 'kinds.config.ts');
      const { manifest } = project;
      const onlineStore = createOnlineStore({
        redis: connection,
        project: project.name,
        keyHasher: () => projectKeyHasher(store, project.name),
      });
      for (const view of Object.values(manifest.feature_views)) await ensureHistory(store, manifest, view);
      let chunkId = 0;
      await use({
        store,
        onlineStore,
        project,
        definitions: { manifest, functionOf: loadedFunctions(project) },
        async land({ ref = 'ad_image@1', keys, values, ageMs = 2 * HOUR_MS, confirmedMs = HOUR_MS, only }) {
          const view = manifest.feature_views[ref];
          if (view === undefined) throw new Error(`There is no ${ref}.`);
          chunkId += 1;
          const eventTimestampMs = Date.now() - ageMs;
          const row = {
            keys,
            values,
            eventTimestampMs,
            createdTimestampMs: eventTimestampMs,
            revision: 1,
            chunkId,
            inputHash: 0n,
          };
          if (only !== 'online')
            await store.transaction(async (tx) => {
              await appendHistory(tx, manifest, view, [row]);
              if (confirmedMs !== null)
                await tx.client.query('insert into larder.kept_online_times values ($1, $2)', [
                  chunkId,
                  new Date(Date.now() - confirmedMs),
                ]);
            });
          if (only !== 'history')
            await putRows(onlineStore, project, [{ ref, keys, values, eventTimestampMs }]);
        },
        async predict(adId, tookMs = 0) {
          const predictionLog = createPredictionLog({ store, project: project.name, logger });
          const predictor = await fixturePredictor({ project, onlineStore, model: 'ad_ctr', predictionLog });
          const { rows } = await predictor.predict({
            rows: [{ entities: { ad_id: adId, ...SHOPPER }, request: REQUEST }],
            startedAtMs: performance.now() - tookMs,
            deadlineMs: 2 * tookMs + 10_000,
          });
          await predictionLog.close();
          await predictor.runner.close();
          const [row] = rows;
          if (row === undefined || !('predictionId' in row)) throw new Error('There is no prediction.');
          return row.predictionId;
        },
      });
      connection.disconnect();
      await store.close();
    },
    { scope: 'file' },
  ],
});

const image = (brightness: number | null) => ({
  embedding: Float32Array.of(1, 2, 3, 4),
  brightness,
  note: 'a "note", with commas',
});
const stats = { impressions: 400n, clicks: 49, ctr: 0.1 };
const shopper = { ref: 'shopper_profile@1', keys: SHOPPER, values: { age: 31, premium: true } };

/** Parity of one prediction. */
async function parityOf(
  { store, definitions }: Logged,
  predictionId: string,
  changed: Partial<TrainingSetDefinitions> = {},
) {
  const { rows } = await store.pool.query(
    'select predicted_at from larder.predictions where prediction_id = $1',
    [predictionId],
  );
  const at = (rows[0] as { predicted_at: Date }).predicted_at;
  // Nothing else is left of the log.
  await store.pool.query('delete from larder.predictions where prediction_id <> $1', [predictionId]);
  return checkParity(
    { store, clock: systemClock, definitionsOf: () => Promise.resolve({ ...definitions, ...changed }) },
    { project: 'shop', model: 'ad_ctr', from: at, limit: 100, signal: new AbortController().signal },
  );
}

function unexplained(report: Awaited<ReturnType<typeof parityOf>>): Record<string, Record<string, number>> {
  return Object.fromEntries(
    report.features.flatMap(({ ref, causes }) => {
      const found = Object.entries(causes).filter(([, count]) => count > 0);
      return found.length === 0 ? [] : [[ref, Object.fromEntries(found)]];
    }),
  );
}

test('what was served is what a training set would hold: complete, missing, stale and null values', async ({
  logged,
}) => {
  await logged.land(shopper);
  await logged.land({ keys: { ad_id: 'whole' }, values: image(0.61) });
  await logged.land({ ref: 'ad_stats@1', keys: { ad_id: 'whole' }, values: stats });
  await logged.land({ keys: { ad_id: 'null' }, values: image(null) });
  await logged.land({
    ref: 'ad_stats@1',
    keys: { ad_id: 'null' },
    values: { ...stats, ctr: null, clicks: null },
  });
  await logged.land({ ref: 'ad_stats@1', keys: { ad_id: 'stale' }, values: stats, ageMs: 9 * 24 * HOUR_MS });
  for (const adId of ['whole', 'null', 'stale', 'nobody']) {
    const report = await parityOf(logged, await logged.predict(adId));
    expect({ adId, found: unexplained(report), explained: report.explained }).toEqual({
      adId,
      found: {},
      explained: 0,
    });
    expect(report).toMatchObject({ predictions: 1, complete: true, unchecked: {}, versions: [1] });
    expect(report.features.map(({ compared }) => compared)).toEqual(Array.from({ length: 10 }, () => 1));
  }
});

test('value: history has another value in the row that was read', async ({ logged }) => {
  await logged.land({ keys: { ad_id: 'value' }, values: image(0.61) });
  const id = await logged.predict('value');
  await logged.store.pool.query(
    "update shop_history.ad_image_v1 set brightness = 0.62 where ad_id = 'value'",
  );
  const report = await parityOf(logged, id);
  expect(unexplained(report)).toEqual({ 'ad_image@1:brightness': { value: 1 } });
  expect(report.features.find(({ ref }) => ref === 'ad_image@1:brightness')?.examples).toMatchObject([
    { predictionId: id, logged: expect.closeTo(0.61) as number, rebuilt: 0.62 },
  ]);
});

test('value: a function gives another value for the same inputs', async ({ logged }) => {
  const id = await logged.predict('function');
  const { functionOf } = logged.definitions;
  const report = await parityOf(logged, id, {
    functionOf: (definition) =>
      definition.name === 'moment'
        ? { compute: () => ({ hour_sin: 0.5, hour_cos: 0 }) }
        : functionOf(definition),
  });
  expect(unexplained(report)).toMatchObject({ 'moment:hour_sin': { value: 1 } });
  expect(unexplained(report)).not.toHaveProperty('ad_image@1:brightness');
});

test('time: history has a newer row that was confirmed long before, and the older one was read', async ({
  logged,
}) => {
  await logged.land({ keys: { ad_id: 'time' }, values: image(0.61) });
  await logged.land({ keys: { ad_id: 'time' }, values: image(0.61), ageMs: HOUR_MS, only: 'history' });
  const report = await parityOf(logged, await logged.predict('time'));
  expect(unexplained(report)).toEqual({
    'ad_image@1:embedding': { time: 1 },
    'ad_image@1:brightness': { time: 1 },
  });
});

test('time: history never had the row that was read, or had one when none was read', async ({ logged }) => {
  await logged.land({ keys: { ad_id: 'unknown' }, values: image(0.61), only: 'online' });
  expect(unexplained(await parityOf(logged, await logged.predict('unknown')))).toHaveProperty([
    'ad_image@1:embedding',
  ]);
  await logged.land({ keys: { ad_id: 'unread' }, values: image(0.61), only: 'history' });
  expect(unexplained(await parityOf(logged, await logged.predict('unread')))).toHaveProperty([
    'ad_image@1:embedding',
  ]);
});

test('time: a difference of a view is that of the on-demand features behind it', async ({ logged }) => {
  await logged.land({ ref: 'ad_stats@1', keys: { ad_id: 'behind' }, values: stats, only: 'history' });
  const found = unexplained(await parityOf(logged, await logged.predict('behind')));
  expect(found).toMatchObject({ 'ad_stats@1:ctr': { time: 1 }, 'offer:smoothed': { time: 1 } });
});

test('default: a default was used that is not needed, and another default is declared', async ({
  logged,
}) => {
  await logged.land({ keys: { ad_id: 'default' }, values: image(null) });
  const id = await logged.predict('default');
  const { manifest } = logged.definitions;
  const view = manifest.feature_views['ad_image@1'];
  if (view === undefined) throw new Error('There is no ad_image.');
  const schema = view.schema.map((field) =>
    field.name === 'brightness' ? Object.assign({}, field, { default: 0.7 }) : field,
  );
  const other = {
    ...manifest,
    feature_views: { ...manifest.feature_views, 'ad_image@1': { ...view, schema } },
  };
  expect(unexplained(await parityOf(logged, id, { manifest: other }))).toEqual({
    'ad_image@1:brightness': { default: 1 },
  });
  await logged.store.pool.query(
    "update shop_history.ad_image_v1 set brightness = 0.9 where ad_id = 'default'",
  );
  expect(unexplained(await parityOf(logged, id))).toEqual({ 'ad_image@1:brightness': { default: 1 } });
});

test('version: the prediction read another version of a view', async ({ logged }) => {
  await logged.land({ keys: { ad_id: 'version' }, values: image(0.61) });
  const id = await logged.predict('version');
  await logged.store.pool.query(
    `update larder.predictions set views = replace(views::text, 'ad_image@1', 'ad_image@2')::jsonb where prediction_id = $1`,
    [id],
  );
  expect(unexplained(await parityOf(logged, id))).toEqual({
    'ad_image@1:embedding': { version: 1 },
    'ad_image@1:brightness': { version: 1 },
  });
});

test('explained: not confirmed yet, confirmed in the same moment, dropped or erased history', async ({
  logged,
}) => {
  const { store, land, predict } = logged;
  const explained = async (id: string) => {
    const report = await parityOf(logged, id);
    expect(unexplained(report)).toEqual({});
    return report.features.find(({ ref }) => ref === 'ad_image@1:embedding')?.explained;
  };
  await land({ keys: { ad_id: 'early' }, values: image(0.61), confirmedMs: null });
  expect(await explained(await predict('early'))).toEqual({ not_confirmed: 1 });

  await land({ keys: { ad_id: 'moment' }, values: image(0.61), confirmedMs: null, only: 'history' });
  const moment = await predict('moment');
  // As if it had been confirmed just before.
  await store.pool.query(
    `insert into larder.kept_online_times
     select chunk_id, predicted_at - interval '500 milliseconds'
     from shop_history.ad_image_v1, larder.predictions where ad_id = 'moment' and prediction_id = $1`,
    [moment],
  );
  expect(await explained(moment)).toEqual({ same_moment: 1 });

  await land({ keys: { ad_id: 'dropped' }, values: image(0.61), ageMs: 400 * 24 * HOUR_MS });
  const dropped = await predict('dropped');
  const month = new Date(Date.now() - 400 * 24 * HOUR_MS).toISOString().slice(0, 7).replace('-', '_');
  await store.pool.query(`drop table shop_history.ad_image_v1_${month}`);
  expect(await explained(dropped)).toEqual({ retention: 1 });
});

test('explained: the row that was read was confirmed in the millisecond of the prediction, a little later', async ({
  logged,
}) => {
  await logged.land({ keys: { ad_id: 'fraction' }, values: image(0.61), confirmedMs: null });
  const id = await logged.predict('fraction');
  await logged.store.pool.query(
    `insert into larder.kept_online_times
     select chunk_id, predicted_at + interval '400 microseconds'
     from shop_history.ad_image_v1, larder.predictions where ad_id = 'fraction' and prediction_id = $1`,
    [id],
  );
  const report = await parityOf(logged, id);
  expect(unexplained(report)).toEqual({});
  expect(report.features[0]?.explained).toEqual({ not_confirmed: 1 });
});

test('explained: a row was confirmed while a slow prediction was reading, and only then', async ({
  logged,
}) => {
  const { land, predict } = logged;
  await land({ keys: { ad_id: 'slow' }, values: image(0.61), confirmedMs: 5_000, only: 'history' });
  expect((await parityOf(logged, await predict('slow', 60_000))).features[0]?.explained).toEqual({
    same_moment: 1,
  });
  expect(unexplained(await parityOf(logged, await predict('slow', 2_000)))).toEqual({
    'ad_image@1:embedding': { time: 1 },
    'ad_image@1:brightness': { time: 1 },
  });
});

test('sensitive keys and request fields are said to be unchecked', async ({ logged }) => {
  const id = await logged.predict('hidden');
  const hash = `#${'a'.repeat(64)}`;
  await logged.store.pool.query(
    `update larder.predictions set entity_keys = array['ad' || $2, 'shopper:NL|7'],
      entities = jsonb_set(entities, '{ad_id}', to_jsonb($2::text)), request = request - 'bid' where prediction_id = $1`,
    [id, hash],
  );
  const report = await parityOf(logged, id);
  expect(report).toMatchObject({ unexplained: 0, unchecked: { key_hidden: 1, request_hidden: 1 } });
});

test('post-processing runs again on the logged outputs; another function differs, a hidden request is said', async ({
  logged,
}) => {
  const { store, onlineStore, project, definitions } = logged;
  const predictionLog = createPredictionLog({ store, project: project.name, logger });
  const predictor = await fixturePredictor({ project, onlineStore, model: 'ad_verdict', predictionLog });
  await predictor.predict({
    rows: [{ entities: { ad_id: 'judged' }, request: { floor: 0.3, how: '' } }],
  });
  await predictionLog.close();
  await predictor.runner.close();
  const check = (changed: Partial<TrainingSetDefinitions> = {}) =>
    checkParity(
      { store, clock: systemClock, definitionsOf: () => Promise.resolve({ ...definitions, ...changed }) },
      { project: 'shop', model: 'ad_verdict', limit: 10, signal: new AbortController().signal },
    );
  const report = await check();
  expect(report.features.map(({ ref, compared }) => [ref, compared])).toEqual([
    ['verdict:calibrated', 1],
    ['verdict:shown', 1],
    ['verdict:reason', 1],
    ['verdict:basis_points', 1],
    ['ad_image@1:brightness', 1],
  ]);
  expect(unexplained(report)).toEqual({});
  const other = await check({
    functionOf: () => ({
      compute: () => ({ calibrated: 0.25, shown: true, reason: null, basis_points: 1n }),
    }),
  });
  expect(Object.keys(unexplained(other))).toEqual(['verdict:calibrated', 'verdict:basis_points']);
  await store.pool.query(
    "update larder.predictions set request = request - 'floor' where model = 'ad_verdict'",
  );
  expect((await check()).unchecked).toEqual({ request_hidden: 1 });
});

test('features of a model with typed inputs are compared by the row that was read, and by what the functions gave', async ({
  logged,
}) => {
  const { store, onlineStore, project, definitions } = logged;
  await logged.land({ keys: { ad_id: 'typed' }, values: image(0.61) });
  const predictionLog = createPredictionLog({ store, project: project.name, logger });
  const predictor = await fixturePredictor({ project, onlineStore, model: 'ad_typed', predictionLog });
  await predictor.predict({ rows: [{ entities: { ad_id: 'typed', ...SHOPPER }, request: { bid: 0.5 } }] });
  await predictionLog.close();
  await predictor.runner.close();
  const check = (changed: Partial<TrainingSetDefinitions> = {}) =>
    checkParity(
      { store, clock: systemClock, definitionsOf: () => Promise.resolve({ ...definitions, ...changed }) },
      { project: 'shop', model: 'ad_typed', limit: 10, signal: new AbortController().signal },
    );
  const report = await check();
  expect(report.features.map(({ ref }) => ref)).toContain('ad_image@1:note');
  expect(unexplained(report)).toEqual({});
  const other = await check({ functionOf: () => ({ compute: () => ({ exact: 1 }) }) });
  expect(unexplained(other)).toEqual({ 'price:exact': { value: 1 } });
});

test('views of no entity and of two are found in history as they were served', async ({ logged }) => {
  const { store, onlineStore, project, definitions, land } = logged;
  await land(shopper);
  await land({
    ref: 'market@1',
    keys: { everywhere: 'everywhere' },
    values: { mood: 0.25 },
    ageMs: HOUR_MS / 2,
  });
  await land({ ref: 'seen@1', keys: { ad_id: 'both', shopper_id: 7 }, values: { times: 3 } });
  const predictionLog = createPredictionLog({ store, project: project.name, logger });
  const predictor = await fixturePredictor({ project, onlineStore, model: 'ad_world', predictionLog });
  await predictor.predict({ rows: [{ entities: { ad_id: 'both', ...SHOPPER } }] });
  await predictionLog.close();
  await predictor.runner.close();
  const report = await checkParity(
    { store, clock: systemClock, definitionsOf: () => Promise.resolve(definitions) },
    { project: 'shop', model: 'ad_world', limit: 10, signal: new AbortController().signal },
  );
  expect(unexplained(report)).toEqual({});
  expect(report.features.map(({ ref, compared }) => [ref, compared])).toEqual([
    ['market@1:mood', 1],
    ['ad_image@1:brightness', 1],
    ['shopper_profile@1:age', 1],
    ['seen@1:times', 1],
  ]);
  const { rows } = await store.pool.query('select everywhere, mood from shop_history.market_v1');
  expect(rows).toEqual([{ everywhere: 'everywhere', mood: 0.25 }]);
});
