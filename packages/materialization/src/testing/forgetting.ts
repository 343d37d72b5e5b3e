import { newId } from '@larder/core';
import { createPredictionLog, storeLabels } from '@larder/offline-store';
import { connectRedis } from '@larder/online-store';
import { onTestFinished } from 'vitest';
import type { Shop } from '../../fixtures/shop.ts';
import { forgetEntity, type ForgetDeps } from '../erasure/forget-entity.ts';
import { placesWithText } from './places-with-text.ts';

const TIMES = { event: '2026-03-01T00:00:00Z' };

export function deps({ store, onlineStore, logger }: Shop, changed: Partial<ForgetDeps> = {}): ForgetDeps {
  return {
    offlineStore: store,
    onlineStore,
    logger,
    eraseFromArchives: async () => ({ rows: 0, unreachable: [] }),
    ...changed,
  };
}

export const forget = (shop: Shop, key: string, changed: Partial<ForgetDeps> = {}, entity = 'ad') =>
  forgetEntity(deps(shop, changed), {
    manifest: shop.project.manifest,
    entity,
    key,
    actor: 'test',
    reason: 'asked',
  });

export function places(shop: Shop, text: string): Promise<string[]> {
  const redis = connectRedis(shop.redisUrl, { role: 'worker' });
  return placesWithText(shop.store, redis, text).finally(() => redis.disconnect());
}

export function work(shop: Shop): void {
  const materializer = shop.materializer();
  onTestFinished(() => materializer.stop({ deadlineMs: 1_000 }));
}

export function logged(adId: string, changed: object = {}) {
  return {
    predictionId: newId(),
    predictedAtMs: Date.now(),
    model: 'ad_ctr',
    version: 1,
    alias: null,
    aliasMoveId: null,
    entities: { ad_id: adId },
    entityKeys: [{ entity: 'ad', key: adId }],
    request: {},
    outputs: { ctr: 0.5 },
    rawOutputs: null,
    precomputed: null,
    output: 0.5,
    scalars: Float32Array.of(1),
    degraded: false,
    degradedReasons: [],
    views: [],
    onDemand: null,
    defaultsUsed: [],
    sensitive: null,
    latencyUs: 1,
    featuresUs: 1,
    onDemandUs: 1,
    modelUs: 1,
    sizeBytes: 100,
    ...changed,
  };
}

export async function log({ store, logger }: Shop, records: ReturnType<typeof logged>[]): Promise<void> {
  const predictions = createPredictionLog({ store, project: 'shop', logger });
  for (const record of records) predictions.append(record);
  await predictions.close();
}

export function label(eventId: string, target: Parameters<typeof storeLabels>[2][number]['target']) {
  const about = { name: 'clicked', source: 's', value: true, corrects: null, weight: 1 };
  return { ...about, eventId, target, eventTimestamp: TIMES.event };
}

/** Rows, failures, predictions, labels, runs and a training set of the key, and of its neighbours. */
export async function fill(shop: Shop, key: string): Promise<void> {
  await shop.sql(`insert into ads values ('${key}', 'poison', '2026-02-01')`);
  await shop.ended(await shop.backfill('ad_words', { scope: { entities: [{ ad_id: key }] } }));
  await shop.sql(`update ads set body = 'two words', updated_at = '2026-03-01' where ad_id = '${key}'`);
  await shop.ended(
    await shop.backfill('ad_words', { scope: { entities: [{ ad_id: key }, { ad_id: 'ad-0002' }] } }),
  );
  const named = logged(key);
  const other = logged('ad-0002');
  await log(shop, [named, other]);
  await storeLabels(shop.store, 'shop', [
    label(`${newId()}-of-prediction`, { predictionId: named.predictionId }),
    label(`${newId()}-of-key`, { entity: 'ad', entityKey: key, sensitive: false }),
    label(`${newId()}-of-other`, { entity: 'ad', entityKey: 'ad-0002', sensitive: false }),
  ]);
}
