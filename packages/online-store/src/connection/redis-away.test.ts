import { test } from '@larder/testing';
import { expect } from 'vitest';
import { connectRedis } from './connect-redis.ts';
import { createOnlineStore } from '../online-store.ts';
import { waitForRedis } from './wait-for-redis.ts';
import { testHasher, orderAt, scoreRow, scoreView } from '../testing/views.ts';

const UNAVAILABLE = expect.objectContaining({ code: 'ONLINE_STORE_UNAVAILABLE', retryAfterSeconds: 1 });

test('serving fails fast while Redis is away and recovers by itself', async ({ redis }) => {
  const client = connectRedis(redis.url, { role: 'serving' });
  const store = createOnlineStore({ redis: client, project: 'ads', keyHasher: testHasher });
  const plan = store.compileRead([{ entity: 'ad', views: [scoreView] }]);
  await waitForRedis(client, 30_000);
  await store.write([scoreRow('a', orderAt(1)), scoreRow('b', orderAt(1))]);
  expect((await store.read(plan, [['a', 'b']])).flat()).toEqual([expect.any(Buffer), expect.any(Buffer)]);

  await redis.stop();
  for (const command of [
    () => store.read(plan, [['a']]),
    () => store.read(plan, [['a', 'b']]),
    () => store.write([scoreRow('a', orderAt(2))]),
    () => store.inspect('ad', 'a'),
    () => store.keys('ad', { cursor: null, limit: 10 }),
  ]) {
    const start = performance.now();
    await expect(command()).rejects.toEqual(UNAVAILABLE);
    expect(performance.now() - start).toBeLessThan(2_000);
  }

  await redis.start();
  await waitForRedis(client, 10_000);
  // the server has forgotten its scripts: both find their way
  expect(await store.write([scoreRow('a', orderAt(2)), scoreRow('c', orderAt(1))])).toEqual([
    'replaced',
    'created',
  ]);
  expect((await store.read(plan, [['a', 'c']])).flat()).toEqual([expect.any(Buffer), expect.any(Buffer)]);
  client.disconnect();
});

test('a Redis that hangs is a Redis that is away', async ({ redis }) => {
  const serving = connectRedis(redis.url, { role: 'serving', commandTimeoutMs: 100 });
  const tool = connectRedis(redis.url, { role: 'tool' });
  const store = createOnlineStore({ redis: serving, project: 'ads', keyHasher: testHasher });
  const plan = store.compileRead([{ entity: 'ad', views: [scoreView] }]);
  await waitForRedis(serving, 30_000);
  await tool.client('PAUSE', 1_500, 'ALL');
  await expect(store.read(plan, [['a']])).rejects.toEqual(UNAVAILABLE);
  await expect.poll(() => store.read(plan, [['never-written']])).toEqual([[null]]);
  serving.disconnect();
  tool.disconnect();
});

test('a batch of large entities has one timeout, of its last command', async ({ redis }) => {
  const serving = connectRedis(redis.url, { role: 'serving', commandTimeoutMs: 100 });
  const tool = connectRedis(redis.url, { role: 'tool' });
  const store = createOnlineStore({ redis: serving, project: 'ads', keyHasher: testHasher });
  const embedded = {
    ...scoreView,
    schema: [{ name: 'embedding', type: 'vector' as const, length: 512 }],
  };
  const plan = store.compileRead([
    { entity: 'user', views: [scoreView] },
    { entity: 'ad', views: [embedded] },
  ]);
  await waitForRedis(serving, 30_000);
  await tool.client('PAUSE', 1_500, 'ALL');
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = timers();
  const read = store.read(plan, [['u'], Array.from({ length: 500 }, (_, at) => `ad-${at}`)]);
  expect(timers() - before).toBe(1);
  await expect(read).rejects.toEqual(UNAVAILABLE);
  // and the commands after it have theirs
  await expect(store.read(plan, [['u'], []])).rejects.toEqual(UNAVAILABLE);
  await expect.poll(() => store.read(plan, [['u'], ['never-written']])).toEqual([[null], [null]]);
  serving.disconnect();
  tool.disconnect();
});

test('a connection that never came says so', async ({ redis }) => {
  const nowhere = `${redis.url}.not-there`;
  const serving = connectRedis(nowhere, { role: 'serving' });
  const tool = connectRedis(nowhere, { role: 'tool' });
  await expect(waitForRedis(serving, 100)).rejects.toEqual(UNAVAILABLE);
  await expect(waitForRedis(tool, 60_000)).rejects.toEqual(UNAVAILABLE); // a tool tries once
  await expect(waitForRedis(tool, 60_000)).rejects.toEqual(UNAVAILABLE);
  await expect(
    createOnlineStore({ redis: serving, project: 'ads', keyHasher: testHasher }).inspect('ad', 'x'),
  ).rejects.toEqual(UNAVAILABLE);
  serving.disconnect();
});
