import { test } from '@larder/testing';
import { afterAll, expect } from 'vitest';
import { type Redis, connectRedis } from '../connection/connect-redis.ts';
import { createOnlineStore } from '../online-store.ts';
import { orderAt, scoreRow, testHasher } from '../testing/views.ts';
import { holdsNoRows } from './holds-no-rows.ts';

const connections: Redis[] = [];
afterAll(() => {
  for (const redis of connections) redis.disconnect();
});

test('rows of the project count, and nothing else that Redis holds', async ({ redis: { url } }) => {
  const redis = connectRedis(url, { role: 'worker' });
  connections.push(redis);
  const write = (project: string) =>
    createOnlineStore({ redis, project, keyHasher: testHasher }).write([scoreRow('a', orderAt(1))]);
  await write('other');
  await redis.set('larder:emptied:queue', 'x');
  expect(await holdsNoRows(redis, 'emptied')).toBe(true);
  await write('emptied');
  expect(await holdsNoRows(redis, 'emptied')).toBe(false);
  await redis.flushall();
  expect(await holdsNoRows(redis, 'emptied')).toBe(true);
});
