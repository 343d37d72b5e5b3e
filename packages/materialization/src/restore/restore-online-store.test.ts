import { systemClock } from '@larder/core';
import { projectKeyHasher } from '@larder/offline-store';
import { connectRedis, createOnlineStore, type Redis } from '@larder/online-store';
import { startTestRedis } from '@larder/testing';
import { expect, onTestFinished } from 'vitest';
import { test, type Shop } from '../../fixtures/shop.ts';
import { wrongOnlineRows } from '../../fixtures/wrong-online-rows.ts';
import { forgetEntity } from '../erasure/index.ts';
import { pushEvents } from '../events/index.ts';
import { pushRows } from '../push/index.ts';
import { restoreOnlineStore, type RestoreDeps } from './restore-online-store.ts';

const ADS = 30;
const DAY_MS = 86_400_000;
const FROM_HISTORY = [
  'ad_words',
  'catalog',
  'ad_user_stats',
  'market',
  'offer',
  'score',
  'ad_day',
  'listing',
];

const pushing = ({ store: offlineStore, onlineStore, logger }: Shop) => ({
  offlineStore,
  onlineStore,
  logger,
  clock: systemClock,
});

const stock = (id: string, changed: Record<string, unknown> = {}) => ({
  article_id: id,
  event_timestamp: new Date().toISOString(),
  price: 1.5,
  pieces: 3,
  place: 'here',
  sizes: [1, 2],
  ...changed,
});

/** Rows of every kind of view: read, computed, chained, pushed in parts, windowed, gone, expired, of no entity, erased. */
async function fill(shop: Shop): Promise<void> {
  await shop.seedAds(ADS, (at) => 'word '.repeat(at + 1).trim());
  await shop.sql(`
    truncate items, stats, moods;
    insert into items select ad_id, 2, updated_at from ads;
    insert into stats select 'ad-1', u, now() - u * interval '3 days', now(), u, 1, 'n' from generate_series(1, 3) u;
    insert into moods values (0.25, now())`);
  const worker = shop.materializer();
  for (const view of FROM_HISTORY) await shop.ended(await shop.backfill(view));
  await shop.sql(
    `delete from items where ad_id = 'ad-0007'; update items set price = 3, updated_at = now() where ad_id = 'ad-0008'`,
  );
  await shop.ended(await shop.backfill('catalog'));
  await worker.stop({ deadlineMs: 5_000 });
  const { manifest } = shop.project;
  await pushRows(pushing(shop), { manifest, view: 'stock', rows: [stock('a'), stock('b')] });
  const { place, sizes, ...part } = stock('a', { price: 9 });
  expect([place, sizes]).toBeDefined();
  await pushRows(pushing(shop), { manifest, view: 'stock', rows: [part] });
  await pushEvents(pushing(shop), {
    manifest,
    source: 'ad_events',
    events: ['ad-0001', 'ad-0002'].map((ad, at) => ({
      event_id: `e${at}`,
      event_timestamp: new Date(Date.now() - at * DAY_MS).toISOString(),
      ad_id: ad,
      kind: 'impression',
      clicks: 2,
      bid: 0.5,
      visitor: 'v',
    })),
  });
  await forgetEntity(
    { ...pushing(shop), eraseFromArchives: async () => ({ rows: 0, unreachable: [] }) },
    { manifest, entity: 'ad', key: 'ad-0003', actor: 'test', reason: null },
  );
}

function open(url: string): Redis {
  const redis = connectRedis(url, { role: 'worker' });
  onTestFinished(() => redis.disconnect());
  return redis;
}

function depsOf(shop: Shop, more: Partial<RestoreDeps> = {}): RestoreDeps {
  const { store, onlineStore, project } = shop;
  return {
    store,
    onlineStore,
    manifest: project.manifest,
    signal: new AbortController().signal,
    onRemark() {},
    ...more,
  };
}

const all = (shop: Shop) => ({ views: Object.values(shop.project.manifest.feature_views) });

/** Every row of every entity, and the tombstones. */
async function dump(redis: Redis): Promise<Record<string, Record<string, string>>> {
  const keys = (await redis.keys('larder:shop:*')).filter((key) => !/\{queue\}|:windows$|:erased$/.test(key));
  const dumped: Record<string, Record<string, string>> = {};
  for (const key of keys.toSorted()) {
    const fields = Object.entries(await redis.hgetallBuffer(key));
    dumped[key] = Object.fromEntries(
      fields.map(([name, row]) => [name, key.includes(':erased:') ? '' : row.toString('hex')]),
    );
  }
  return dumped;
}

test('an empty Redis gets everything back from history: every kind of view, gone keys, tombstones, and no expired row', async ({
  shop,
}) => {
  await fill(shop);
  const redis = open(shop.redisUrl);
  // What a landing wrote although it was expired goes with its TTL; a restore does not write it.
  await redis.del('larder:shop:{ad_user:ad-1|3}');
  const before = await dump(redis);
  expect(Object.keys(before)).toContain('larder:shop:{everywhere:everywhere}');
  expect(before['larder:shop:{ad:ad-0003}']).toBeUndefined();
  expect(await wrongOnlineRows(shop.store, redis, shop.project.manifest)).toMatchObject({ wrong: [] });
  await redis.flushall();
  const report = await restoreOnlineStore(depsOf(shop), all(shop));
  expect(await dump(redis)).toEqual(before);
  expect(report.tombstones).toBe(1);
  expect(report.views.find(({ ref }) => ref === 'ad_words@1')).toMatchObject({
    rows: ADS - 1,
    created: ADS - 1,
    newer: 0,
    erased: [],
  });
  expect(report.views.find(({ ref }) => ref === 'ad_windows@1')).toMatchObject({ rows: 2 });
  expect(await redis.pttl('larder:shop:{ad_user:ad-1|1}')).toBeGreaterThan(0);
  expect(await redis.pttl('larder:shop:{ad:ad-0001}')).toBe(-1);
  expect(await shop.onlineStore.inspect('ad', 'ad-0003')).toMatchObject({ erased: true });
  // Marks are gone, and a second time nothing changes.
  expect(await redis.keys('larder:shop:restoring:*')).toEqual([]);
  const again = await restoreOnlineStore(depsOf(shop), all(shop));
  expect(again.views.every(({ created, newer }) => (created ?? 0) + (newer ?? 0) === 0)).toBe(true);
  expect(await dump(redis)).toEqual(before);
});

test('rows that land while it restores stay, and a row of a tombstoned entity is refused', async ({
  shop,
}) => {
  const redis = open(shop.redisUrl);
  const { manifest } = shop.project;
  const ids = Array.from({ length: 3_000 }, (_, at) => `n${at}`);
  await pushRows(pushing(shop), {
    manifest,
    view: 'stock',
    rows: ids.slice(0, 1_000).map((id) => stock(id)),
  });
  await pushRows(pushing(shop), {
    manifest,
    view: 'stock',
    rows: ids.slice(1_000, 2_000).map((id) => stock(id)),
  });
  await pushRows(pushing(shop), { manifest, view: 'stock', rows: ids.slice(2_000).map((id) => stock(id)) });
  await redis.flushall();
  const restoring = { is: true };
  const restored = Promise.all([
    restoreOnlineStore(depsOf(shop), { ...all(shop), maxRowsPerSecond: 1_000 }),
    restoreOnlineStore(depsOf(shop), { ...all(shop), maxRowsPerSecond: 1_000 }),
  ]).finally(() => (restoring.is = false));
  let pushed = 0;
  while (restoring.is) {
    pushed++;
    const changed = ids.filter((_, at) => at % 7 === pushed % 7).slice(0, 400);
    await pushRows(pushing(shop), {
      manifest,
      view: 'stock',
      rows: changed.map((id) => stock(id, { pieces: pushed })),
    });
    if (pushed === 2)
      await forgetEntity(
        { ...pushing(shop), eraseFromArchives: async () => ({ rows: 0, unreachable: [] }) },
        { manifest, entity: 'article', key: 'n2999', actor: 'test', reason: null },
      );
  }
  await restored;
  expect(pushed).toBeGreaterThan(2);
  expect(await wrongOnlineRows(shop.store, redis, manifest)).toMatchObject({ wrong: [] });
  expect(await redis.exists('larder:shop:{article:n2999}')).toBe(0);
});

test('a row beyond its TTL is wrong neither where a landing wrote it nor where a restore left it out', async ({
  shop,
}) => {
  const redis = open(shop.redisUrl);
  const { manifest } = shop.project;
  await shop.seedAds(2, () => 'word');
  const worker = shop.materializer();
  await shop.ended(await shop.backfill('scheduled'));
  await worker.stop({ deadlineMs: 5_000 });
  expect(await redis.hexists('larder:shop:{ad:ad-0001}', 'scheduled@1')).toBe(1);
  expect(await wrongOnlineRows(shop.store, redis, manifest)).toMatchObject({ wrong: [] });
  await redis.hset('larder:shop:{ad:ad-0000}', 'scheduled@1', 'other bytes');
  expect(await wrongOnlineRows(shop.store, redis, manifest)).toMatchObject({
    wrong: ['different: {ad:ad-0000} scheduled@1'],
  });
  await redis.flushall();
  await restoreOnlineStore(depsOf(shop), all(shop));
  expect(await redis.hexists('larder:shop:{ad:ad-0001}', 'scheduled@1')).toBe(0);
  expect(await wrongOnlineRows(shop.store, redis, manifest)).toMatchObject({ wrong: [] });
});

test('only what landed since an instant', async ({ shop }) => {
  const redis = open(shop.redisUrl);
  await shop.sql(`update shop_history.stock_v1 set landed_at = now() - interval '1 hour'`);
  await pushRows(pushing(shop), { manifest: shop.project.manifest, view: 'stock', rows: [stock('since')] });
  await redis.flushall();
  const options = { views: [shop.view('stock@1')], landedSince: new Date() };
  expect((await restoreOnlineStore(depsOf(shop), options)).views).toMatchObject([
    { ref: 'stock@1', rows: 1 },
  ]);
  expect(await redis.exists('larder:shop:{article:since}')).toBe(1);
  await restoreOnlineStore(depsOf(shop), all(shop));
  expect(await wrongOnlineRows(shop.store, redis, shop.project.manifest)).toMatchObject({ wrong: [] });
});

test('Redis that is emptied midway is restored from the start; one that is away is waited for', async ({
  shop,
}) => {
  const server = await startTestRedis();
  onTestFinished(() => server.stop());
  const redis = open(server.url);
  const onlineStore = createOnlineStore({
    redis: open(server.url),
    project: 'shop',
    keyHasher: () => projectKeyHasher(shop.store, 'shop'),
  });
  const remarks: string[] = [];
  let emptied = 0;
  const report = await restoreOnlineStore(
    depsOf(shop, { onlineStore, onRemark: (text) => void remarks.push(text) }),
    {
      ...all(shop),
      onProgress(view) {
        if (view === 'stock@1' && emptied++ === 1) void redis.flushall();
      },
    },
  );
  expect(remarks.join()).toContain('starting over');
  expect(report.views.length).toBeGreaterThan(5);
  expect(await wrongOnlineRows(shop.store, redis, shop.project.manifest)).toMatchObject({ wrong: [] });

  await server.kill();
  const away = restoreOnlineStore(
    depsOf(shop, { onlineStore, onRemark: (text) => void remarks.push(text) }),
    all(shop),
  );
  await expect.poll(() => remarks.join(), { timeout: 60_000 }).toContain('Redis does not answer; waiting');
  await server.start();
  await away;
  expect(remarks.join()).toContain('Redis answers again');
  expect(await wrongOnlineRows(shop.store, open(server.url), shop.project.manifest)).toMatchObject({
    wrong: [],
  });
});
