import { entityKey, type EntityManifest } from '@larder/features';
import { startTestRedis, test } from '@larder/testing';
import fc from 'fast-check';
import { expect, onTestFinished } from 'vitest';
import { connectRedis } from '../connection/connect-redis.ts';
import { createOnlineStore } from '../online-store.ts';
import { orderAt, scoreRow, testHasher } from '../testing/views.ts';
import { redisKey } from './redis-keys.ts';
import { slotOfEntity, tombstonesKey } from './tombstones.ts';

const ad: EntityManifest = { name: 'ad', join_keys: [{ name: 'ad_id', type: 'string' }] };

test('the hash tag of the Redis key is the whole entity', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 50 }), (id) => {
      const key = entityKey(ad, { ad_id: id });
      const name = redisKey('ads', 'ad', key);
      expect(/\{(.*?)\}/s.exec(name)?.[1]).toBe(`ad:${key}`);
      expect(name.endsWith('}')).toBe(true);
    }),
  );
});

test('a Redis Cluster takes the rows and the tombstone of an entity in one script', async () => {
  const cluster = await startTestRedis({ 'cluster-enabled': 'yes' });
  const redis = connectRedis(cluster.url, { role: 'worker' });
  onTestFinished(async () => {
    redis.disconnect();
    await cluster.stop();
  });
  await redis.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
  await expect
    .poll(async () => String(await redis.call('CLUSTER', 'INFO')), { timeout: 60_000 })
    .toContain('cluster_state:ok');
  const store = createOnlineStore({ redis, project: 'ads', keyHasher: testHasher });
  for (const key of ['ad-42', 'a|b', '%7B%7D', 'grüße', '\u{1F418}', '']) {
    const slot = slotOfEntity('ad', key);
    expect(await redis.call('CLUSTER', 'KEYSLOT', redisKey('ads', 'ad', key))).toBe(slot);
    expect(await redis.call('CLUSTER', 'KEYSLOT', tombstonesKey('ads', slot))).toBe(slot);
    expect(await store.write([scoreRow(key, orderAt(1))])).toEqual(['created']);
    await store.erase('ad', key);
    expect(await store.write([scoreRow(key, orderAt(2))])).toEqual(['erased']);
  }
});
