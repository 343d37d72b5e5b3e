import { compareRowOrder, type RowOrder } from '@larder/core';
import { test } from '@larder/testing';
import fc from 'fast-check';
import { afterAll, expect } from 'vitest';
import { type Redis, connectRedis } from '../connection/connect-redis.ts';
import { type OnlineStore, createOnlineStore } from '../online-store.ts';
import { redisKey } from '../keys/redis-keys.ts';
import { ROW_HEADER_BYTES, readRowHeader } from '../rows/row-header.ts';
import { testHasher, orderAt, scoreRow } from '../testing/views.ts';

const connections: Redis[] = [];
afterAll(() => {
  for (const redis of connections) redis.disconnect();
});

function connect(url: string): { redis: Redis; store: OnlineStore } {
  const redis = connectRedis(url, { role: 'worker' });
  connections.push(redis);
  return { redis, store: createOnlineStore({ redis, project: 'ads', keyHasher: testHasher }) };
}

async function storedOrder(store: OnlineStore, key: string): Promise<RowOrder | undefined> {
  const row = (await store.inspect('ad', key))?.fields[0]?.row;
  const header = row && readRowHeader(row);
  if (!header) return undefined;
  const { eventTimestampMs, createdTimestampMs, revision } = header;
  return { eventTimestampMs, createdTimestampMs, revision };
}

function newest(orders: readonly RowOrder[]): RowOrder | undefined {
  return orders.toSorted(compareRowOrder).at(-1);
}

// both sides of every byte border, of zero and of what a double holds exactly
const instant = fc.oneof(
  fc.integer({ min: -2, max: 2 }),
  fc.integer({ min: 253, max: 258 }),
  fc.constantFrom(-(2 ** 47), 2 ** 47 - 1, 2 ** 40, 1_795_200_000_123),
);
const revision = fc.oneof(fc.nat(2), fc.constantFrom(255, 256, 2 ** 32, 2 ** 40 - 1));
const orders = fc.array(fc.record({ eventTimestampMs: instant, createdTimestampMs: instant, revision }), {
  minLength: 1,
  maxLength: 24,
});

test('whatever the interleaving of writers, the newest row ends in Redis', async ({ redis }) => {
  const writers = [1, 2, 3, 4].map(() => connect(redis.url).store);
  let run = 0;
  await fc.assert(
    fc.asyncProperty(
      orders,
      fc.array(fc.nat(3), { minLength: 24, maxLength: 24 }),
      async (written, assignment) => {
        const key = `race-${run++}`;
        await Promise.all(
          writers.map(async (store, writer) => {
            const own = written.filter((_, i) => assignment[i] === writer);
            // half of the writers send row by row, the others all at once
            if (writer % 2 === 0) for (const order of own) await store.write([scoreRow(key, order)]);
            else await store.write(own.map((order) => scoreRow(key, order)));
          }),
        );
        expect(await storedOrder(writers[0] as OnlineStore, key)).toEqual(newest(written));
      },
    ),
    { numRuns: 60 },
  );
});

test('a correction wins: later created, or later revision, at the same event time', async ({ redis }) => {
  const { store } = connect(redis.url);
  const write = async (order: RowOrder) => (await store.write([scoreRow('correction', order)]))[0];
  expect(await write(orderAt(100, 100, 5))).toBe('created');
  expect(await write(orderAt(100, 200, 1))).toBe('replaced');
  expect(await write(orderAt(100, 200, 2))).toBe('replaced');
  expect(await write(orderAt(100, 200, 1))).toBe('stale');
  expect(await write(orderAt(100, 100, 9))).toBe('stale');
  expect(await write(orderAt(99, 999, 9))).toBe('stale');
  expect(await storedOrder(store, 'correction')).toEqual(orderAt(100, 200, 2));
});

test('writing the same row again changes nothing and counts as replaced', async ({ redis }) => {
  const { store } = connect(redis.url);
  const row = scoreRow('again', orderAt(100));
  expect(await store.write([row, row])).toEqual(['created', 'replaced']);
  const before = await store.inspect('ad', 'again');
  expect(await store.write([row])).toEqual(['replaced']);
  expect(await store.inspect('ad', 'again')).toEqual(before);
});

test('outcomes come in the order given, over many script calls', async ({ redis }) => {
  const { store } = connect(redis.url);
  await store.write([scoreRow('b', orderAt(500))]);
  const rows = Array.from({ length: 2_500 }, (_, i) =>
    scoreRow(i % 10 === 0 ? 'b' : `many-${i}`, orderAt(100)),
  );
  expect(await store.write(rows)).toEqual(
    rows.map(({ entityKey }) => (entityKey === 'b' ? 'stale' : 'created')),
  );
  expect(await store.write([])).toEqual([]);
});

test('an erased entity takes no row', async ({ redis }) => {
  const { store } = connect(redis.url);
  await store.erase('ad', 'forgotten');
  const rows = [scoreRow('forgotten', orderAt(100)), scoreRow('remembered', orderAt(100))];
  expect(await store.write(rows)).toEqual(['erased', 'created']);
  expect(await store.inspect('ad', 'forgotten')).toMatchObject({ erased: true, fields: [] });
});

test('bytes that are not a row are replaced', async ({ redis }) => {
  const { redis: client, store } = connect(redis.url);
  await client.hset(redisKey('ads', 'ad', 'damaged'), 'ad_score@1', 'short');
  expect(await store.write([scoreRow('damaged', orderAt(-5))])).toEqual(['replaced']);
  expect(await storedOrder(store, 'damaged')).toEqual(orderAt(-5));
});

test('a row of a later format keeps its order key in the same bytes and is not overwritten by an older row', async ({
  redis,
}) => {
  const { store } = connect(redis.url);
  const later = scoreRow('mixed', orderAt(200));
  later.row[0] = 2;
  expect(await store.write([later, scoreRow('mixed', orderAt(100))])).toEqual(['created', 'stale']);
});

test('the order key alone decides, not the format or the schema in front of it', async ({ redis }) => {
  const { store } = connect(redis.url);
  const otherSchema = scoreRow('in-front', orderAt(100));
  otherSchema.row.fill(0xff, 0, 5);
  expect(await store.write([otherSchema, scoreRow('in-front', orderAt(200))])).toEqual([
    'created',
    'replaced',
  ]);
  expect(await storedOrder(store, 'in-front')).toEqual(orderAt(200));
});

test('a header without values has its order, and is not overwritten by an older row', async ({ redis }) => {
  const { store } = connect(redis.url);
  const header = scoreRow('header', orderAt(200));
  const cut = { ...header, row: header.row.subarray(0, ROW_HEADER_BYTES) };
  expect(await store.write([cut, scoreRow('header', orderAt(100))])).toEqual(['created', 'stale']);
});
