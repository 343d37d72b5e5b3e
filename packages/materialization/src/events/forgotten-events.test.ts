import { systemClock } from '@larder/core';
import { connectRedis } from '@larder/online-store';
import { expect } from 'vitest';
import { test, type Shop } from '../../fixtures/shop.ts';
import { forgetEntity } from '../erasure/index.ts';
import { placesWithText } from '../testing/places-with-text.ts';
import { createBackfill } from '../runs/index.ts';
import { pushEvents } from './index.ts';

type Json = Readonly<Record<string, unknown>>;

function event(id: string, adId: string, changed: Json = {}): Json {
  return {
    event_id: id,
    event_timestamp: new Date().toISOString(),
    ad_id: adId,
    kind: 'impression',
    clicks: 1,
    ...changed,
  };
}

function push(shop: Shop, events: readonly Json[]) {
  return pushEvents(
    { offlineStore: shop.store, onlineStore: shop.onlineStore, clock: systemClock, logger: shop.logger },
    { manifest: shop.project.manifest, source: 'ad_events', events },
  );
}

function forget(shop: Shop, key: string) {
  return forgetEntity(
    {
      offlineStore: shop.store,
      onlineStore: shop.onlineStore,
      eraseFromArchives: async () => ({ rows: 0, unreachable: [] }),
      logger: shop.logger,
    },
    { manifest: shop.project.manifest, entity: 'ad', key, actor: 'test', reason: null },
  );
}

async function places(shop: Shop, text: string): Promise<string[]> {
  const redis = connectRedis(shop.redisUrl, { role: 'worker' });
  return placesWithText(shop.store, redis, text).finally(() => redis.disconnect());
}

async function build(shop: Shop): Promise<void> {
  const { runId } = await createBackfill(shop.store, {
    manifest: shop.project.manifest,
    view: 'ad_windows',
    scope: { all: true },
  });
  expect(await shop.ended(runId)).toMatchObject({ status: 'succeeded', rows: { failed: 0 } });
}

test('statistics of events and tiles, and limits of builds, hold no forgotten key', async ({ shop }) => {
  for (const key of ['ad-first', 'ad-zlast'])
    await push(
      shop,
      Array.from({ length: 40 }, (_, at) => event(`${key.slice(3)}-${at}`, key)),
    );
  const worker = shop.materializer();
  await build(shop);
  await worker.stop({ deadlineMs: 1_000 });
  await shop.sql('analyze');
  expect(await places(shop, 'ad-first')).toEqual(
    expect.arrayContaining([
      'larder.chunks',
      'pg_stats of shop_history.ad_events_events.ad_id',
      'pg_stats of shop_history.ad_windows_v1_tiles.entity_key',
    ]),
  );
  for (const key of ['ad-first', 'ad-zlast']) {
    expect(await forget(shop, key)).toMatchObject({ status: 'complete' });
    expect(await places(shop, key)).toEqual([]);
  }
});

test('an event whose join key is too long belongs to no entity, and stops no other', async ({ shop }) => {
  await forget(shop, 'ad-forgotten');
  const long = '%'.repeat(600);
  const at = { event_timestamp: new Date().toISOString() };
  const answer = await push(shop, [
    event('too-long', long, at),
    event('taken-back', long, { ...at, retracted: true }),
    event('fine', 'ad-fine', at),
  ]);
  expect(answer).toMatchObject({ accepted: 2, rejected: [{ index: 0, code: 'REQUEST_INVALID' }] });
  // as an event from before there was a view with this join key
  await shop.sql(`
    insert into shop_history.ad_events_events (event_id, event_timestamp, created_timestamp, edition, is_retracted, revision, chunk_id, ad_id, kind, clicks)
    select 'before', event_timestamp, created_timestamp, 0, false, revision, chunk_id, '${long}', kind, clicks
    from shop_history.ad_events_events where event_id = 'fine'`);
  expect(await push(shop, [event('before', 'ad-fine', at)])).toMatchObject({ accepted: 1 });
  await shop.sql(`
    insert into shop_history.ad_events_events (event_id, event_timestamp, created_timestamp, edition, is_retracted, revision, chunk_id, ad_id, kind, clicks)
    select 'built', event_timestamp, created_timestamp, 0, false, revision, chunk_id, '${long}', kind, clicks
    from shop_history.ad_events_events where event_id = 'fine'`);
  shop.materializer();
  await build(shop);
});
