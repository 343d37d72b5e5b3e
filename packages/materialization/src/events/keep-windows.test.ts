import { systemClock } from '@larder/core';
import { connectRedis, type Redis } from '@larder/online-store';
import { expect, onTestFinished } from 'vitest';
import { test, type Shop } from '../../fixtures/shop.ts';
import { pushEvents } from './index.ts';
import { keepWindows } from './keep-windows.ts';

const HELD = 'larder:shop:windows';
const ADS = ['ad-one', 'ad-two', 'ad-three'];

/** The Redis of the test, which the tests before it used too. */
async function open(shop: Shop): Promise<Redis> {
  const redis = connectRedis(shop.redisUrl, { role: 'worker' });
  onTestFinished(() => redis.disconnect());
  await redis.flushall();
  return redis;
}

async function push({ store, onlineStore, logger, project }: Shop, id: string): Promise<void> {
  const events = ADS.map((ad) => ({
    event_id: `${id}-${ad}`,
    event_timestamp: new Date().toISOString(),
    ad_id: ad,
    kind: 'impression',
    clicks: 1,
    bid: 0.5,
    visitor: 'v1',
  }));
  await pushEvents(
    { offlineStore: store, onlineStore, clock: systemClock, logger },
    { manifest: project.manifest, source: 'ad_events', events },
  );
}

/** How many of the ads have their windows online. */
const held = async (redis: Redis): Promise<number> =>
  (await Promise.all(ADS.map((ad) => redis.hexists(`larder:shop:{ad:${ad}}`, 'ad_windows@1')))).filter(
    (exists) => exists === 1,
  ).length;

function keeper(shop: Shop, beforePage: () => Promise<unknown> = async () => null) {
  const { onlineStore } = shop;
  const restored: (number | null)[] = [];
  const turn = keepWindows({
    offlineStore: shop.store,
    onlineStore: {
      ...onlineStore,
      async writeTiles(tiles) {
        const outcomes = await onlineStore.writeTiles(tiles);
        await beforePage();
        return outcomes;
      },
      async restoreWindows(windows) {
        const entities = await onlineStore.restoreWindows(windows);
        restored.push(entities);
        return entities;
      },
    },
    applied: () => shop.project.manifest,
    clock: systemClock,
    signal: new AbortController().signal,
    logger: shop.logger,
  });
  return { turn, restored };
}

test('a worker writes the windows again that a Redis lost when it was flushed', async ({ shop }) => {
  const redis = await open(shop);
  const worker = shop.materializer();
  onTestFinished(() => worker.stop({ deadlineMs: 1_000 }));
  await push(shop, 'first');
  expect(await held(redis)).toBe(3);
  await expect.poll(() => shop.onlineStore.windowsHeld(), { timeout: 60_000 }).toBe(true);
  await redis.flushall();
  expect(await held(redis)).toBe(0);
  await expect.poll(() => held(redis), { timeout: 60_000 }).toBe(3);
});

test('windows are written again to a server that started or took over since, and only once', async ({
  shop,
}) => {
  const redis = await open(shop);
  await push(shop, 'first');
  const { turn, restored } = keeper(shop);
  await turn();
  await turn();
  expect(restored).toEqual([3]);
  // The copy that another server had.
  await redis.set(HELD, 'the id of another server');
  await redis.del('larder:shop:{ad:ad-two}');
  await Promise.all([turn(), keeper(shop).turn()]);
  expect(await held(redis)).toBe(3);
  await turn();
  expect(restored.length).toBeLessThanOrEqual(2);
});

test('a Redis that loses data while windows are written does not count as having them', async ({ shop }) => {
  const redis = await open(shop);
  await push(shop, 'first');
  const flushed = keeper(shop, () => redis.flushall());
  await flushed.turn();
  expect(flushed.restored).toEqual([null]);
  expect(await shop.onlineStore.windowsHeld()).toBe(false);
  const { turn, restored } = keeper(shop);
  await turn();
  expect([restored, await held(redis)]).toEqual([[3], 3]);
});

test('while another process writes them, nobody else does, until it has been silent for long', async ({
  shop,
}) => {
  const redis = await open(shop);
  await push(shop, 'first');
  await redis.set(HELD, 'lease of another process', 'PX', 60_000);
  const { turn, restored } = keeper(shop);
  await turn();
  await redis.del(HELD);
  await turn();
  expect(restored).toEqual([null, 3]);
});
