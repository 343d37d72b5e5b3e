import { sql } from 'kysely';
import { expect } from 'vitest';
import type { OfflineStore } from '../offline-store.ts';
import { prediction } from '../testing/prediction.ts';
import { silent, test } from '../testing/store.ts';
import { createPredictionLog } from './prediction-log.ts';

const options = (store: OfflineStore) => ({ store, project: 'ads', logger: silent });

async function logged(store: OfflineStore, predictionIds: readonly string[]): Promise<number> {
  const { rows } = await sql<{ rows: number }>`
    select count(*) as rows from larder.predictions where prediction_id = any(${predictionIds}::uuid[])`.execute(
    store.db,
  );
  return rows[0]?.rows ?? 0;
}

test('a record can be read in SQL as it was logged', async ({ store }) => {
  const log = createPredictionLog(options(store));
  const record = prediction({ degraded: true, degradedReasons: ['ad_stats@1 NOT_FOUND', 'späť "und" \\'] });
  expect(log.append(record)).toBe(true);
  await log.close();
  const row = await store.db
    .selectFrom('larder.predictions')
    .selectAll()
    .where('prediction_id', '=', record.predictionId)
    .executeTakeFirstOrThrow();
  expect(row).toEqual({
    prediction_id: record.predictionId,
    predicted_at: new Date(record.predictedAtMs),
    project: 'ads',
    model: 'ad_ctr',
    version: 3,
    entities: record.entities,
    request: record.request,
    outputs: record.outputs,
    degraded: true,
    degraded_reasons: record.degradedReasons,
    views: [
      { ref: 'ad_image@1', status: 'PRESENT', event_timestamp_ms: 1, created_timestamp_ms: 2, revision: 3 },
      {
        ref: 'ad_stats@1',
        status: 'NOT_FOUND',
        event_timestamp_ms: null,
        created_timestamp_ms: null,
        revision: null,
      },
    ],
    on_demand: record.onDemand,
    latency_us: 512,
    alias: 'champion',
    alias_move_id: 12,
    logged_at: expect.any(Date),
    entity_keys: ['ad:ad-42'],
    scalars: [0.5, Number.NaN],
    defaults_used: ['ad_image@1:brightness'],
    output: 0.031,
    features_us: 400,
    on_demand_us: 10,
    model_us: 61,
    raw_outputs: null,
    precomputed: null,
  });
  expect(log.stats()).toEqual({ written: 1, dropped: 0, buffered: 0 });
});

test('a version that no alias chose is logged without one, a followed alias without a move', async ({
  store,
}) => {
  const log = createPredictionLog(options(store));
  const explicit = prediction({ alias: null, aliasMoveId: null });
  const followed = prediction({ aliasMoveId: null });
  log.append(explicit);
  log.append(followed);
  await log.close();
  const rows = await store.db
    .selectFrom('larder.predictions')
    .select(['alias', 'alias_move_id'])
    .where('prediction_id', 'in', [explicit.predictionId, followed.predictionId])
    .orderBy('alias', (order) => order.asc().nullsFirst())
    .execute();
  expect(rows).toEqual([
    { alias: null, alias_move_id: null },
    { alias: 'champion', alias_move_id: null },
  ]);
});

test('records are written in the background, many batches in order and none twice', async ({ store }) => {
  const log = createPredictionLog(options(store));
  const records = Array.from({ length: 2_345 }, () => prediction());
  for (const record of records) log.append(record);
  await expect.poll(() => log.stats()).toEqual({ written: 2_345, dropped: 0, buffered: 0 });
  expect(
    await logged(
      store,
      records.map((record) => record.predictionId),
    ),
  ).toBe(2_345);
  await log.close();
});

test('partitions exist for the month of the records and the next month', async ({ store }) => {
  const log = createPredictionLog(options(store));
  log.append(prediction({ predictedAtMs: Date.UTC(2027, 11, 31, 23, 59, 59, 999) }));
  log.append(prediction({ predictedAtMs: Date.UTC(2027, 10, 1) }));
  await log.close();
  const { rows } = await sql<{ name: string }>`
    select relname as name from pg_partition_tree('larder.predictions') join pg_class on oid = relid where isleaf`.execute(
    store.db,
  );
  const names = rows.map((row) => row.name);
  expect(names).toEqual(
    expect.arrayContaining(['predictions_2027_11', 'predictions_2027_12', 'predictions_2028_01']),
  );
  expect(log.stats().written).toBe(2);
});

test('hostile input is stored, and only a record that cannot be stored is dropped', async ({ store }) => {
  const log = createPredictionLog(options(store));
  const strange = prediction({ request: { text: 'a\0b', lone: '\ud800', path: 'C:\\u0000' } });
  const cyclic: Record<string, unknown> = {};
  cyclic['self'] = cyclic;
  const deep = JSON.parse('['.repeat(20_000) + ']'.repeat(20_000)) as unknown;
  const others = Array.from({ length: 20 }, () => prediction());
  for (const record of [
    ...others,
    prediction({ request: cyclic }),
    strange,
    prediction({ entities: { deep } }),
  ])
    log.append(record);
  await log.close();
  expect(log.stats()).toEqual({ written: 21, dropped: 2, buffered: 0 });
  expect(
    await logged(
      store,
      others.map((record) => record.predictionId),
    ),
  ).toBe(20);
  const { request } = await store.db
    .selectFrom('larder.predictions')
    .select('request')
    .where('prediction_id', '=', strange.predictionId)
    .executeTakeFirstOrThrow();
  expect(request).toEqual({ text: 'a\ufffdb', lone: '\ufffd', path: 'C:\\u0000' });
});

test('a partition that was dropped is created again', async ({ store }) => {
  const log = createPredictionLog(options(store));
  const month = { predictedAtMs: Date.UTC(2031, 4, 5) };
  log.append(prediction(month));
  await expect.poll(() => log.stats().written).toBe(1);
  await sql`drop table larder.predictions_2031_05`.execute(store.db);
  log.append(prediction(month));
  await expect.poll(() => log.stats()).toEqual({ written: 2, dropped: 0, buffered: 0 });
  await log.close();
});

test('a closed log accepts nothing more', async ({ store }) => {
  const log = createPredictionLog(options(store));
  await log.close();
  expect(log.append(prediction())).toBe(false);
  expect(log.stats()).toEqual({ written: 0, dropped: 1, buffered: 0 });
});
