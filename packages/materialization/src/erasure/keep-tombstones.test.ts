import { connectRedis, type Redis } from '@larder/online-store';
import { expect, onTestFinished } from 'vitest';
import { test, type Shop } from '../../fixtures/shop.ts';
import { forgetEntity } from './forget-entity.ts';
import { keepTombstones } from './keep-tombstones.ts';

const MARK = 'larder:shop:erased';

function forget({ store, onlineStore, logger, project }: Shop, key: string) {
  const eraseFromArchives = async () => ({ rows: 0, unreachable: [] });
  return forgetEntity(
    { offlineStore: store, onlineStore, logger, eraseFromArchives },
    { manifest: project.manifest, entity: 'ad', key, actor: 'test', reason: null },
  );
}

function open(shop: Shop): Redis {
  const redis = connectRedis(shop.redisUrl, { role: 'worker' });
  onTestFinished(() => redis.disconnect());
  return redis;
}

function keeper({ store, onlineStore, logger, project }: Shop) {
  const restored: (number | null)[] = [];
  const turn = keepTombstones({
    projectName: project.name,
    offlineStore: store,
    onlineStore: {
      tombstonesHeld: () => onlineStore.tombstonesHeld(),
      async restoreTombstones(all) {
        const swept = await onlineStore.restoreTombstones(all);
        restored.push(swept);
        return swept;
      },
    },
    signal: new AbortController().signal,
    logger,
  });
  return { turn, restored };
}

/** Everything of the project but the queue, as a backup holds it. */
async function backUp(redis: Redis): Promise<() => Promise<void>> {
  const keys = (await redis.keys('larder:shop:*')).filter((key) => !key.includes('{queue}'));
  const dumps = await Promise.all(keys.map((key) => redis.dumpBuffer(key)));
  return async () => {
    // At once, as a server that starts with these data.
    const restart = redis.multi().flushall();
    for (const [at, key] of keys.entries()) restart.restore(key, 0, dumps[at] as Buffer);
    await restart.exec();
  };
}

const erased = async (shop: Shop, key: string) => (await shop.onlineStore.inspect('ad', key))?.erased ?? null;

test('a Redis that was flushed, or runs on an old backup, gets its tombstones back from a worker', async ({
  shop,
}) => {
  const redis = open(shop);
  await shop.seedAds(4, () => 'one');
  const materializer = shop.materializer();
  onTestFinished(() => materializer.stop({ deadlineMs: 1_000 }));
  await shop.ended(await shop.backfill('ad_words'));
  await forget(shop, 'ad-0000');
  const restoreBackup = await backUp(redis);
  await forget(shop, 'ad-0001');
  await forget(shop, 'ad-never-seen');

  await restoreBackup();
  expect(await shop.online('ad_words@1', 'ad-0001')).not.toBeNull();
  await expect.poll(() => erased(shop, 'ad-0001'), { timeout: 60_000 }).toBe(true);
  await expect.poll(() => redis.hgetall(MARK), { timeout: 60_000 }).toEqual({ count: '3' });
  expect(await shop.online('ad_words@1', 'ad-0002')).not.toBeNull();

  await redis.flushall();
  for (const key of ['ad-0000', 'ad-0001', 'ad-never-seen'])
    await expect.poll(() => erased(shop, key), { timeout: 60_000 }).toBe(true);
});

test('while nothing is lost nothing is restored, however many are forgotten at once', async ({ shop }) => {
  const redis = open(shop);
  const { turn, restored } = keeper(shop);
  await turn();
  await Promise.all(['a', 'b', 'c', 'd'].map((key) => forget(shop, key)));
  await forget(shop, 'a');
  for (let turns = 0; turns < 3; turns++) await turn();
  expect(restored).toEqual([]);
  const [row] = await shop.sql<{ tombstones: string }>('select tombstones from larder.erasure_secrets');
  expect((await redis.hgetall(MARK))['count']).toBe(String(row?.tombstones));
});

test('a worker that died between restoring and sweeping leaves the sweep to another', async ({ shop }) => {
  const redis = open(shop);
  const { turn, restored } = keeper(shop);
  await shop.seedAds(4, () => 'one');
  const materializer = shop.materializer();
  await shop.ended(await shop.backfill('ad_words'));
  await materializer.stop({ deadlineMs: 1_000 });
  const key = 'larder:shop:{ad:ad-0003}';
  const row = await redis.dumpBuffer(key);
  await forget(shop, 'ad-0003');
  await turn();
  await redis.restore(key, 0, row);
  await redis.hset(MARK, 'unswept', 1);
  await redis.hset(MARK, { lease: 'another process 3', lease_until_ms: Date.now() + 60_000 });
  await turn();
  expect(restored).toEqual([null]);
  await redis.hset(MARK, 'lease_until_ms', Date.now() - 1);
  await turn();
  expect(restored).toEqual([null, 1]);
  expect(await erased(shop, 'ad-0003')).toBe(true);
  expect(await redis.hget(MARK, 'unswept')).toBeNull();
});

test('a Redis that loses its data again in the middle is not taken for restored', async ({ shop }) => {
  const redis = open(shop);
  await forget(shop, 'ad-again');
  const { turn, restored } = keeper(shop);
  await turn();
  const hash = Buffer.alloc(32, 1);
  async function* pages() {
    yield [{ hash, slot: 1, erasedAtMs: 1 }];
    await redis.flushall();
    yield [{ hash, slot: 2, erasedAtMs: 1 }];
  }
  const options = { count: 2, pages: pages(), signal: new AbortController().signal };
  expect(await shop.onlineStore.restoreTombstones(options)).toBeNull();
  // What was published after the loss may stay, uncounted: the tombstones are true.
  expect(await redis.hgetall(MARK)).toEqual({});
  await turn();
  expect(restored).toEqual([0]);
  expect(await erased(shop, 'ad-again')).toBe(true);
  const [row] = await shop.sql<{ tombstones: string }>('select tombstones from larder.erasure_secrets');
  expect(await redis.hgetall(MARK)).toEqual({ count: String(row?.tombstones) });
});
