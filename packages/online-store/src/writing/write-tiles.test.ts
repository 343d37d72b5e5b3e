import { compareRowOrder, type RowOrder } from '@larder/core';
import { test } from '@larder/testing';
import fc from 'fast-check';
import { afterAll, expect } from 'vitest';
import { type Redis, connectRedis } from '../connection/connect-redis.ts';
import { redisKey } from '../keys/redis-keys.ts';
import { createOnlineStore, type OnlineStore } from '../online-store.ts';
import { orderAt, testHasher } from '../testing/views.ts';
import { statsView, tilesOf, type ShownEvent } from '../testing/windowed-views.ts';
import { compileTileCodec, type DecodedTiles, type Tile } from '../tiles/tile-codec.ts';

const codec = compileTileCodec(statsView);
const NOW = 1_795_200_000_000;

const connections: Redis[] = [];
afterAll(() => {
  for (const redis of connections) redis.disconnect();
});

function connect(url: string): { redis: Redis; store: OnlineStore } {
  const redis = connectRedis(url, { role: 'worker' });
  connections.push(redis);
  return { redis, store: createOnlineStore({ redis, project: 'ads', keyHasher: testHasher }) };
}

async function stored(store: OnlineStore, key: string): Promise<DecodedTiles | null> {
  const row = (await store.inspect('ad', key))?.fields[0]?.row;
  return row === undefined ? null : codec.decode(row);
}

interface Written {
  readonly order?: RowOrder;
  readonly nowMs?: number;
}

async function write(
  store: OnlineStore,
  key: string,
  tiles: readonly Tile[],
  { order = orderAt(NOW), nowMs = NOW }: Written = {},
): Promise<string> {
  const entities = [{ entityKey: key, tiles, ...order }];
  return (await store.writeTiles({ view: statsView, entities, nowMs })).join(' ');
}

function event(ageMs: number, bid = 1): ShownEvent {
  return { atMs: NOW - ageMs, bid, user: `user-${bid}`, page: 'page' };
}

const tileAt = (index: number, version: number): Tile => ({
  window: 0,
  index,
  version,
  states: [
    version,
    new Uint8Array(0),
    version,
    version,
    version,
    version,
    new Uint8Array(0),
    version,
    version,
  ],
});
const RUNNING = Math.floor(NOW / 300_000);

test('whatever the order of writers, and however often each writes, the greatest version of every tile ends in Redis', async ({
  redis,
}) => {
  const writers = [1, 2, 3, 4].map(() => connect(redis.url).store);
  let run = 0;
  // the n-th event of an entity gives all its tiles the version n: what PostgreSQL gives writers to take along
  const streams = fc.array(
    fc.record({ ageMs: fc.integer({ min: -290_000, max: 26 * 3_600_000 }), bid: fc.nat(1_000) }),
    { minLength: 1, maxLength: 12 },
  );
  const sendings = fc.array(fc.record({ upTo: fc.nat(11), writer: fc.nat(3) }), { maxLength: 24 });
  await fc.assert(
    fc.asyncProperty(streams, sendings, async (stream, sent) => {
      const key = `race-${run++}`;
      const events = stream.map(({ ageMs, bid }) => event(ageMs, bid));
      const states = events.map((_, n) => {
        const known = events.slice(0, n + 1);
        const order = known
          .map(({ atMs }) => orderAt(atMs))
          .toSorted(compareRowOrder)
          .at(-1) as RowOrder;
        return { order, tiles: touchedBy(events[n] as ShownEvent, tilesOf(known, n + 1)) };
      });
      // each state is sent at least once, in an order of its own
      const every = [...sent, ...states.map((_, upTo) => ({ upTo, writer: upTo % 4 }))];
      await Promise.all(
        writers.map(async (store, writer) => {
          for (const { upTo } of every.filter((sending) => sending.writer === writer)) {
            const { order, tiles } = states[upTo % states.length] as (typeof states)[number];
            await write(store, key, tiles, { order });
          }
        }),
      );
      const found = await stored(writers[0] as OnlineStore, key);
      const expected = tilesOf(events).filter(({ window, index }) => isKept(window, index));
      if (expected.length === 0 && found === null) return;
      expect(found?.tiles.map(withoutVersion)).toEqual(
        expected.toSorted((a, b) => a.window - b.window || a.index - b.index).map(withoutVersion),
      );
      expect(found?.header).toMatchObject(states.at(-1)?.order as RowOrder);
    }),
    { numRuns: 40 },
  );
});

/** An event changes one tile of each window. */
function touchedBy({ atMs }: ShownEvent, tiles: readonly Tile[]): Tile[] {
  return tiles.filter(
    ({ window, index }) => index === Math.floor(atMs / (codec.layout.windows[window]?.hopMs ?? 0)),
  );
}

function withoutVersion(tile: Tile): Tile {
  return { ...tile, version: 0 };
}

function isKept(window: number, index: number): boolean {
  const { windowMs, hopMs } = codec.layout.windows[window] as { windowMs: number; hopMs: number };
  return index >= Math.floor((NOW - 300_000 - windowMs) / hopMs);
}

test('outcomes: created, replaced, stale', async ({ redis }) => {
  const { store } = connect(redis.url);
  const order = orderAt(NOW);
  expect(await write(store, 'outcomes', [tileAt(RUNNING, 5)], { order })).toBe('created');
  expect(await write(store, 'outcomes', [tileAt(RUNNING, 5)], { order })).toBe('replaced');
  expect(await write(store, 'outcomes', [tileAt(RUNNING, 4)], { order })).toBe('stale');
  expect(await write(store, 'outcomes', [tileAt(RUNNING, 4)], { order: orderAt(NOW - 9) })).toBe('stale');
  expect(await write(store, 'outcomes', [tileAt(RUNNING - 1, 1)], { order: orderAt(NOW - 9) })).toBe(
    'replaced',
  );
  expect((await stored(store, 'outcomes'))?.tiles).toEqual([tileAt(RUNNING - 1, 1), tileAt(RUNNING, 5)]);
  expect((await stored(store, 'outcomes'))?.header).toMatchObject(order);
});

test('an old event arriving late changes its own tile, and not the time of the newest', async ({ redis }) => {
  const { store } = connect(redis.url);
  await write(store, 'late', tilesOf([event(0)], 1));
  await write(store, 'late', tilesOf([event(3_000_000)], 2), { order: orderAt(NOW - 3_000_000) });
  const found = await stored(store, 'late');
  expect(found?.header).toMatchObject(orderAt(NOW));
  expect(found?.tiles.filter(({ window }) => window === 0)).toHaveLength(2);
});

test('tiles that no window covers any more are dropped: of those given, and of the stored ones', async ({
  redis,
}) => {
  const { store } = connect(redis.url);
  const first = RUNNING - 13; // (now - 5 min) - 1 h
  expect(await write(store, 'old', [tileAt(first - 1, 1)])).toBe('stale');
  expect(await stored(store, 'old')).toBeNull();
  await write(store, 'old', [tileAt(first - 1, 1), tileAt(first, 1), tileAt(RUNNING, 1)]);
  expect((await stored(store, 'old'))?.tiles.map(({ index }) => index)).toEqual([first, RUNNING]);
  await write(store, 'old', [tileAt(RUNNING + 1, 2)], {
    order: orderAt(NOW + 300_000),
    nowMs: NOW + 300_000,
  });
  expect((await stored(store, 'old'))?.tiles.map(({ index }) => index)).toEqual([RUNNING, RUNNING + 1]);
});

test('a row never has more tiles than its windows can need, whatever the clocks of writers say', async ({
  redis,
}) => {
  const { store } = connect(redis.url);
  for (let index = 0; index < 40; index++)
    await write(store, 'many', [tileAt(RUNNING + index, 1)], { nowMs: NOW - 3_600_000 });
  const indexes = (await stored(store, 'many'))?.tiles.map(({ index }) => index - RUNNING);
  expect(indexes).toEqual(Array.from({ length: 15 }, (_, at) => 25 + at));
});

test('a damaged row, or one of another schema, is replaced and counts as created', async ({ redis }) => {
  const { redis: client, store } = connect(redis.url);
  const tiles = tilesOf([event(0), event(600_000)]);
  await write(store, 'good', tiles);
  const good = (await store.inspect('ad', 'good'))?.fields[0]?.row as Buffer;
  const cases = [
    Buffer.from('short'),
    good.subarray(0, 22),
    good.subarray(0, 23),
    good.subarray(0, 30),
    good.subarray(0, -1),
    Buffer.concat([good, Buffer.from('x')]),
    Object.assign(Buffer.from(good), { 0: 1 }),
    Object.assign(Buffer.from(good), { 4: 0 }),
    // too many tiles, tiles that do not ascend, a sketch beyond the end
    Object.assign(Buffer.from(good), { 23: 255 }),
    Object.assign(Buffer.from(good), { 27: 255 }),
    Object.assign(Buffer.from(good), { [24 + 66 + 1]: 255 }),
  ];
  for (const [at, bytes] of cases.entries()) {
    await client.hset(redisKey('ads', 'ad', `bad-${at}`), 'ad_stats@1', bytes);
    expect([at, await write(store, `bad-${at}`, tiles)]).toEqual([at, 'created']);
    expect((await store.inspect('ad', `bad-${at}`))?.fields[0]?.row).toEqual(good);
  }
});

test('no bytes in Redis stop a write', async ({ redis }) => {
  const { redis: client, store } = connect(redis.url);
  const key = redisKey('ads', 'ad', 'fuzzed');
  const tiles = tilesOf([event(0), event(600_000)]);
  const good = codec.encode(orderAt(1), tilesOf([event(0), event(400_000), event(700_000)]));
  const change = fc.record({ at: fc.integer({ min: 22, max: good.length - 1 }), byte: fc.nat(255) });
  await fc.assert(
    fc.asyncProperty(fc.array(change, { maxLength: 4 }), fc.nat(good.length), async (changes, length) => {
      const bytes = Buffer.from(good);
      for (const { at, byte } of changes) bytes[at] = byte;
      await client.hset(key, 'ad_stats@1', bytes.subarray(0, length));
      expect(['created', 'replaced', 'stale']).toContain(await write(store, 'fuzzed', tiles));
    }),
    { numRuns: 200 },
  );
});

test('an erased entity takes no tiles', async ({ redis }) => {
  const { store } = connect(redis.url);
  await store.erase('ad', 'forgotten');
  const tiles = { tiles: tilesOf([event(0)]), ...orderAt(NOW) };
  const entities = [
    { entityKey: 'forgotten', ...tiles },
    { entityKey: 'remembered', ...tiles },
  ];
  expect(await store.writeTiles({ view: statsView, entities, nowMs: NOW })).toEqual(['erased', 'created']);
  expect(await store.inspect('ad', 'forgotten')).toMatchObject({ erased: true, fields: [] });
});

test('Redis keeps the row until its newest tile has left every window', async ({ redis }) => {
  const { redis: client, store } = connect(redis.url);
  const longestMs = (24 + 2) * 3_600_000 + 300_000;
  await write(store, 'expiring', tilesOf([event(0)]));
  const left = async () => client.pttl(redisKey('ads', 'ad', 'expiring'));
  expect(await left()).toBeGreaterThan(longestMs - 30_000);
  expect(await left()).toBeLessThanOrEqual(longestMs);
  await client.pexpire(redisKey('ads', 'ad', 'expiring'), 60_000);
  await write(store, 'expiring', tilesOf([event(0)]));
  expect(await left()).toBeGreaterThan(longestMs - 30_000);
  // another view of the entity may live longer
  await client.persist(redisKey('ads', 'ad', 'expiring'));
  await write(store, 'expiring', tilesOf([event(0)]));
  expect(await left()).toBe(-1);
});

test('outcomes come in the order given, over many script calls', async ({ redis }) => {
  const { store } = connect(redis.url);
  await write(store, 'many-7', [tileAt(RUNNING, 9)]);
  const entities = Array.from({ length: 95 }, (_, at) => ({
    entityKey: `many-${at}`,
    tiles: [tileAt(RUNNING, 1)],
    ...orderAt(NOW),
  }));
  expect(await store.writeTiles({ view: statsView, entities, nowMs: NOW })).toEqual(
    entities.map((_, at) => (at === 7 ? 'stale' : 'created')),
  );
  expect(await store.writeTiles({ view: statsView, entities: [], nowMs: NOW })).toEqual([]);
});
