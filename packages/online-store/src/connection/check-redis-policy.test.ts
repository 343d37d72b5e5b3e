import { test } from '@larder/testing';
import { afterAll, expect } from 'vitest';
import { type Redis, connectRedis } from './connect-redis.ts';
import { redisMemory } from '../inspection/redis-memory.ts';
import { createOnlineStore } from '../online-store.ts';
import { checkRedisPolicy } from './check-redis-policy.ts';
import { testHasher, orderAt, scoreRow } from '../testing/views.ts';

const connections: Redis[] = [];
afterAll(() => {
  for (const redis of connections) redis.disconnect();
});

function connect(url: string): Redis {
  const redis = connectRedis(url, { role: 'tool' });
  connections.push(redis);
  return redis;
}

test('a Redis that evicts is refused with the command that fixes it', async ({ redis }) => {
  const client = connect(redis.url);
  await checkRedisPolicy(client, { timeoutMs: 5_000 });
  await client.config('SET', 'maxmemory-policy', 'allkeys-lru');
  await expect(checkRedisPolicy(client, { timeoutMs: 5_000 })).rejects.toEqual(
    expect.objectContaining({
      code: 'REDIS_POLICY_WRONG',
      message: expect.stringContaining('redis-cli CONFIG SET maxmemory-policy noeviction'),
    }),
  );
  await client.config('SET', 'maxmemory-policy', 'noeviction');
});

test('a full Redis refuses writes with a code of its own and goes on reading', async ({ redis }) => {
  const client = connect(redis.url);
  const store = createOnlineStore({ redis: client, project: 'ads', keyHasher: testHasher });
  await store.write([scoreRow('before', orderAt(1))]);
  await client.config('SET', 'maxmemory', '1');
  await expect(store.write([scoreRow('after', orderAt(1))])).rejects.toEqual(
    expect.objectContaining({ code: 'ONLINE_STORE_FULL' }),
  );
  expect(await store.inspect('ad', 'before')).not.toBeNull();
  expect(await redisMemory(client)).toEqual({ usedBytes: expect.any(Number), limitBytes: 1 });
  await client.config('SET', 'maxmemory', '0');
  expect(await redisMemory(client)).toMatchObject({ limitBytes: null });
});

test.each([
  ['unix:///run/x.sock?db=3', { path: '/run/x.sock', db: 3 }],
  ['redis://u:p%40ss@[::1]:7000/2', { host: '::1', port: 7000, username: 'u', password: 'p@ss', db: 2 }],
  ['redis://cache', { host: 'cache', port: 6379 }],
  ['rediss://cache', { host: 'cache', tls: { servername: 'cache', rejectUnauthorized: true } }],
])('understands %s', (url, expected) => {
  const redis = connect(url);
  redis.disconnect();
  expect(redis.options).toMatchObject(expected);
});

test('another protocol is refused', () => {
  expect(() => connectRedis('http://cache', { role: 'tool' })).toThrow('redis://, rediss:// or unix:///');
});
