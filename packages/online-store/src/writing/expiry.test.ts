import { test } from '@larder/testing';
import { afterAll, expect } from 'vitest';
import { type Redis, connectRedis } from '../connection/connect-redis.ts';
import { createOnlineStore } from '../online-store.ts';
import { redisKey } from '../keys/redis-keys.ts';
import { testHasher, orderAt, scoreRow } from '../testing/views.ts';

const MINUTE = 60_000;
const connections: Redis[] = [];
afterAll(() => {
  for (const redis of connections) redis.disconnect();
});

/** Writes rows of these TTLs one after another, each newer, and returns the remaining TTL in Redis; -1: never expires. */
async function leftAfter(url: string, key: string, ttls: readonly (number | 'forever')[]): Promise<number> {
  const redis = connectRedis(url, { role: 'worker' });
  connections.push(redis);
  const store = createOnlineStore({ redis, project: 'ads', keyHasher: testHasher });
  for (const [i, ttlMs] of ttls.entries())
    await store.write([scoreRow(key, orderAt(i), { ttlMs, viewRef: `ad_score@${1 + (i % 2)}` })]);
  return redis.pttl(redisKey('ads', 'ad', key));
}

function expectAbout(leftMs: number, ttlMs: number): void {
  expect(leftMs).toBeLessThanOrEqual(ttlMs);
  expect(leftMs).toBeGreaterThan(ttlMs - MINUTE / 2);
}

test('the longest TTL of what is stored wins, in any order', async ({ redis }) => {
  expectAbout(await leftAfter(redis.url, 'one', [5 * MINUTE]), 5 * MINUTE);
  expectAbout(await leftAfter(redis.url, 'growing', [MINUTE, 5 * MINUTE]), 5 * MINUTE);
  expectAbout(await leftAfter(redis.url, 'shrinking', [5 * MINUTE, MINUTE]), 5 * MINUTE);
});

test('forever persists, before and after', async ({ redis }) => {
  expect(await leftAfter(redis.url, 'always', ['forever'])).toBe(-1);
  expect(await leftAfter(redis.url, 'then', [MINUTE, 'forever'])).toBe(-1);
  expect(await leftAfter(redis.url, 'stays', ['forever', MINUTE])).toBe(-1);
});

test('a stale row changes no expiry, the same row again may lengthen it', async ({ redis }) => {
  await leftAfter(redis.url, 'stale', [MINUTE]);
  const client = connections.at(-1) as Redis;
  const store = createOnlineStore({ redis: client, project: 'ads', keyHasher: testHasher });
  const key = redisKey('ads', 'ad', 'stale');
  expect(await store.write([scoreRow('stale', orderAt(-1), { ttlMs: 'forever' })])).toEqual(['stale']);
  expectAbout(await client.pttl(key), MINUTE);
  expect(await store.write([scoreRow('stale', orderAt(0), { ttlMs: 9 * MINUTE })])).toEqual(['replaced']);
  expectAbout(await client.pttl(key), 9 * MINUTE);
});

test('a key that Redis has expired starts anew', async ({ redis }) => {
  await leftAfter(redis.url, 'gone', [1]);
  await expect.poll(() => connections.at(-1)?.exists(redisKey('ads', 'ad', 'gone'))).toBe(0);
  expectAbout(await leftAfter(redis.url, 'gone', [3 * MINUTE]), 3 * MINUTE);
});
