import { test } from '@larder/testing';
import { afterAll, expect } from 'vitest';
import { type Redis, connectRedis } from '../connection/connect-redis.ts';
import { slotOfEntity, tombstonesKey } from '../keys/tombstones.ts';
import { type OnlineStore, createOnlineStore } from '../online-store.ts';
import { testHasher, orderAt, scoreRow, scoreView } from '../testing/views.ts';

const MINUTE = 60_000;
const connections: Redis[] = [];
afterAll(() => {
  for (const redis of connections) redis.disconnect();
});

function connect(url: string): { redis: Redis; store: OnlineStore } {
  const redis = connectRedis(url, { role: 'worker' });
  connections.push(redis);
  return { redis, store: createOnlineStore({ redis, project: 'ads', keyHasher: testHasher }) };
}

const held = (store: OnlineStore, key: string) => store.inspect('ad', key);

test('a tombstone outlives the expiry of the rows in whose place it stands', async ({ redis }) => {
  const { store } = connect(redis.url);
  const ttlMs = 3_000;
  await store.write([scoreRow('forgotten', orderAt(1), { ttlMs })]);
  expect(await held(store, 'forgotten')).toMatchObject({ expiresAtMs: expect.any(Number) });
  await store.erase('ad', 'forgotten');
  await store.write([scoreRow('witness', orderAt(1), { ttlMs })]); // expires later than what was erased would have
  await expect.poll(() => held(store, 'witness'), { timeout: 60_000 }).toBeNull();

  const late = scoreRow('forgotten', orderAt(2), { ttlMs });
  expect(await store.write([late, late])).toEqual(['erased', 'erased']);
  expect(await held(store, 'forgotten')).toMatchObject({ erased: true, fields: [], expiresAtMs: null });
});

test('every view of an erased entity is gone; other entities and projects keep theirs', async ({ redis }) => {
  const { redis: client, store } = connect(redis.url);
  const other = createOnlineStore({ redis: client, project: 'shop', keyHasher: testHasher });
  const rows = ['ad_score@1', 'ad_score@2', 'ad_image@1'].map((viewRef) =>
    scoreRow('all', orderAt(1), { viewRef, ttlMs: MINUTE }),
  );
  await store.write([...rows, scoreRow('all-else', orderAt(1))]);
  await other.write(rows);
  await store.erase('ad', 'all');

  const plan = store.compileRead([{ entity: 'ad', views: [scoreView] }]);
  expect(await store.read(plan, [['all', 'all-else']])).toEqual([[null, expect.any(Buffer)]]);
  expect(await store.write(rows)).toEqual(['erased', 'erased', 'erased']);
  expect((await other.inspect('ad', 'all'))?.fields).toHaveLength(3);
  expect((await store.keys('ad', { cursor: null, limit: 100 })).keys).not.toContain('all');
  expect((await store.keys('ad', { cursor: null, limit: 100 })).keys).toContain('all-else');
  expect(await store.forgetView('ad', 'ad_score@1')).toBe(1); // of all-else; the tombstone stays
  expect(await held(store, 'all')).toMatchObject({ erased: true });
});

test('an entity can be erased before it has rows, and again; the time is that of the last erasure', async ({
  redis,
}) => {
  const { redis: client, store } = connect(redis.url);
  const hashOf = await testHasher();
  const tombstones = tombstonesKey('ads', slotOfEntity('ad', 'never-seen'));
  const erasedAtMs = async () => Number(await client.hget(tombstones, hashOf('ad', 'never-seen')));
  const before = Date.now();
  await store.erase('ad', 'never-seen');
  const first = await erasedAtMs();
  await store.erase('ad', 'never-seen');
  expect(await erasedAtMs()).toBeGreaterThanOrEqual(first);
  expect(first).toBeGreaterThanOrEqual(before);
  expect(await store.write([scoreRow('never-seen', orderAt(1))])).toEqual(['erased']);
});

test('writers that race an erasure leave nothing behind', async ({ redis }) => {
  const writers = [1, 2, 3].map(() => connect(redis.url).store);
  const { store } = connect(redis.url);
  for (let round = 0; round < 20; round++) {
    const key = `raced-${round}`;
    const writes = writers.map((writer, i) =>
      Promise.all(
        [1, 2, 3, 4].map((at) => writer.write([scoreRow(key, orderAt(at * 10 + i), { ttlMs: MINUTE })])),
      ),
    );
    await Promise.all([...writes, store.erase('ad', key)]);
    expect(await held(store, key)).toMatchObject({ erased: true, fields: [], expiresAtMs: null });
  }
});

test('nothing in Redis names an erased entity', async ({ redis }) => {
  const { redis: client, store } = connect(redis.url);
  await store.write([scoreRow('named-once', orderAt(1))]);
  expect(await store.erase('ad', 'named-once')).toBe(1);
  expect(await store.erase('ad', 'named-once')).toBe(0);
  const keys = await client.keys('*');
  expect(keys.filter((key) => key.includes('named-once'))).toEqual([]);
  const tombstones = keys.filter((key) => key.startsWith('larder:ads:erased:'));
  for (const key of tombstones)
    for (const field of await client.hkeysBuffer(key)) expect(field).toHaveLength(32);
  expect(tombstones.length).toBeGreaterThan(0);
});

test('a write of several entities leaves out the erased ones alone', async ({ redis }) => {
  const { store } = connect(redis.url);
  const keys = ['one', 'two', 'three', 'four'];
  await store.erase('ad', 'two');
  await store.erase('ad', 'four');
  expect(await store.write(keys.map((key) => scoreRow(key, orderAt(1))))).toEqual([
    'created',
    'erased',
    'created',
    'erased',
  ]);
});
