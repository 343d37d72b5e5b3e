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

const VIEWS = [{ entity: 'ad', ref: 'ad_score@1' }];

test('rows of the project count, and nothing else that Redis holds', async ({ redis: { url } }) => {
  const redis = connectRedis(url, { role: 'worker' });
  connections.push(redis);
  const write = (project: string) =>
    createOnlineStore({ redis, project, keyHasher: testHasher }).write([scoreRow('a', orderAt(1))]);
  await write('other');
  await redis.set('larder:emptied:queue', 'x');
  expect(await holdsNoRows(redis, 'emptied', VIEWS)).toBe(true);
  await write('emptied');
  expect(await holdsNoRows(redis, 'emptied', VIEWS)).toBe(false);
  // Windows, for example, which workers write again after a flush.
  expect(await holdsNoRows(redis, 'emptied', [{ entity: 'ad', ref: 'other@1' }])).toBe(true);
  await redis.flushall();
  expect(await holdsNoRows(redis, 'emptied', VIEWS)).toBe(true);
});
