import { projectKeyHasher } from '@larder/offline-store';
import { compileRowCodec, connectRedis, createOnlineStore } from '@larder/online-store';
import { startTestRedis } from '@larder/testing';
import { expect, onTestFinished } from 'vitest';
import { test, type Shop } from '../../fixtures/shop.ts';
import { createBackfill } from '../runs/index.ts';
import type { MaterializerOptions } from '../materializer/materializer.ts';
import type { MaterializerObserver } from '../materializer/materializer-observer.ts';

const VIEW = 'ad_words@1';

function backfill(shop: Shop, options: { missing?: true } = {}) {
  const scope = options.missing ? { missing: true as const } : { all: true as const };
  return createBackfill(shop.store, { manifest: shop.project.manifest, view: VIEW, scope });
}

async function historyRows(shop: Shop): Promise<number> {
  const [row] = await shop.sql<{ count: number }>('select count(*)::integer from shop_history.ad_words_v1');
  return row?.count ?? 0;
}

/** Runs until the test ends: chunks of the next test do not count. */
function work(shop: Shop, options: Partial<MaterializerOptions> = {}): void {
  const materializer = shop.materializer(options);
  onTestFinished(() => materializer.stop({ deadlineMs: 1_000 }));
}

function open(url: string) {
  const redis = connectRedis(url, { role: 'worker' });
  onTestFinished(() => redis.disconnect());
  return redis;
}

/** Cuts the last byte off the row and keeps its header. */
async function cutOff(redis: ReturnType<typeof open>, key: string): Promise<void> {
  const row = await redis.hgetBuffer(key, VIEW);
  if (row === null) throw new Error('There is no row to truncate.');
  await redis.hset(key, VIEW, row.subarray(0, -1));
}

test('unchanged rows that the online store lost are restored from history, without computing', async ({
  shop,
}) => {
  await shop.seedAds(45, (at) => 'word '.repeat(at + 1).trim());
  const restored: number[] = [];
  const observer: MaterializerObserver = {
    consumerWedged() {},
    scheduleTaken() {},
    chunkEnded() {},
    rowsLanded: (_view, rows) => void restored.push(rows.restored),
  };
  work(shop, { observer });
  const first = await shop.ended((await backfill(shop)).runId);
  expect(restored).toEqual([0, 0, 0]);
  const redis = open(shop.redisUrl);
  await redis.del('larder:shop:{ad:ad-0003}', 'larder:shop:{ad:ad-0030}', 'larder:shop:{ad:ad-0031}');
  // An older row, as after a restore of Redis from a backup.
  const view = shop.view(VIEW);
  const eventTimestampMs = Date.parse('2025-01-01');
  const old = compileRowCodec(view).encode(
    { eventTimestampMs, createdTimestampMs: eventTimestampMs, revision: 0 },
    { word_count: 0, spelling: new Float32Array(3) },
  );
  await redis.hset('larder:shop:{ad:ad-0031}', VIEW, old);
  await redis.hset('larder:shop:{ad:ad-0044}', VIEW, 'damaged');
  await cutOff(redis, 'larder:shop:{ad:ad-0020}');

  for (const options of [{}, { missing: true }] as const) {
    const again = await shop.ended((await backfill(shop, options)).runId);
    expect(again).toMatchObject({
      status: 'succeeded',
      rows: { total: 45, done: 0, failed: 0, skippedUnchanged: 45 },
    });
    for (const at of [3, 20, 30, 31, 44]) {
      const online = await shop.online(VIEW, `ad-${String(at).padStart(4, '0')}`);
      expect(online?.values).toMatchObject({ word_count: at + 1 });
      expect(online?.header).toMatchObject({ revision: first.revision });
    }
    await redis.del('larder:shop:{ad:ad-0003}', 'larder:shop:{ad:ad-0030}');
    await redis.hset('larder:shop:{ad:ad-0031}', VIEW, old);
    await redis.hset('larder:shop:{ad:ad-0044}', VIEW, 'damaged');
    await cutOff(redis, 'larder:shop:{ad:ad-0020}');
  }
  expect(restored.reduce((sum, count) => sum + count)).toBe(10);
  expect(await historyRows(shop)).toBe(45);
});

test('while Redis is down the chunk waits: nothing fails, nothing is skipped', async ({ shop }) => {
  await shop.sql('truncate shop_history.ad_words_v1');
  const server = await startTestRedis();
  const redis = open(server.url);
  const onlineStore = createOnlineStore({
    redis,
    project: 'shop',
    keyHasher: () => projectKeyHasher(shop.store, 'shop'),
  });
  const outcomes: string[] = [];
  const observer: MaterializerObserver = {
    consumerWedged() {},
    scheduleTaken() {},
    chunkEnded: (_view, outcome) => void outcomes.push(outcome),
    rowsLanded() {},
  };
  await shop.seedAds(5, () => 'two words');
  work(shop, { onlineStore, observer });
  await shop.ended((await backfill(shop)).runId);
  await redis.flushall();
  await server.stop();
  const { runId } = await backfill(shop);
  await expect.poll(() => outcomes, { timeout: 60_000 }).toContain('given_back');
  await server.start();
  expect(await shop.ended(runId)).toMatchObject({
    status: 'succeeded',
    rows: { done: 0, skippedUnchanged: 5 },
  });
  expect(outcomes).not.toContain('retried');
  expect(await onlineStore.inspect('ad', 'ad-0002')).not.toBeNull();
  await server.stop();
});

test('rows beyond their TTL are not restored', async ({ shop }) => {
  await shop.sql(
    `insert into stats select 'ad-1', u, now() - u * interval '3 days', now(), 1, 1, 'n' from generate_series(1, 3) u`,
  );
  work(shop);
  const request = { manifest: shop.project.manifest, view: 'ad_user_stats', scope: { all: true } } as const;
  await shop.ended((await createBackfill(shop.store, request)).runId);
  const redis = open(shop.redisUrl);
  const key = (user: number) => `larder:shop:{ad_user:ad-1|${user}}`;
  expect(await redis.del(key(1), key(2), key(3))).toBe(3);
  await shop.ended((await createBackfill(shop.store, request)).runId);
  expect([await redis.exists(key(1)), await redis.exists(key(2)), await redis.exists(key(3))]).toEqual([
    1, 1, 0,
  ]);
});
