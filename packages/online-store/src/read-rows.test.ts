import { test } from '@larder/testing';
import { afterAll, expect } from 'vitest';
import { type Redis, connectRedis, waitForRedis } from './index.ts';
import { createOnlineStore } from './online-store.ts';
import { orderAt, scoreCodec, scoreRow, scoreView } from './testing/views.ts';

const VIEWS = [1, 2, 3].map((version) => ({ name: 'ad_score', version }));
const connections: Redis[] = [];
afterAll(() => {
  for (const redis of connections) redis.disconnect();
});

async function open(url: string) {
  const redis = connectRedis(url, { role: 'serving' });
  connections.push(redis);
  await waitForRedis(redis, 5_000);
  return { redis, store: createOnlineStore({ redis, project: 'ads' }) };
}

test('one entity, one command', async ({ redis }) => {
  const { redis: client, store } = await open(redis.url);
  await store.write([scoreRow('one', orderAt(7), { viewRef: 'ad_score@2' })]);
  const plan = store.compileRead([{ entity: 'ad', views: VIEWS }]);
  await client.config('RESETSTAT');
  const [rows] = await store.read(plan, [['one']]);
  expect(rows?.map((row) => row && scoreCodec.decode(row)?.header.eventTimestampMs)).toEqual([null, 7, null]);
  expect(await client.info('commandstats')).toMatch(/cmdstat_hmget:calls=1,/);
});

test('a thousand entities of two kinds in one round trip, rows where they belong', async ({ redis }) => {
  const { redis: client, store } = await open(redis.url);
  const ads = Array.from({ length: 1_000 }, (_, i) => `ad-${i}`);
  const users = ['u-1', 'missing', 'u-2'];
  await store.write([
    ...ads.flatMap((key, i) => [
      scoreRow(key, orderAt(i), { viewRef: 'ad_score@1' }),
      scoreRow(key, orderAt(-i), { viewRef: 'ad_score@3' }),
    ]),
    scoreRow('u-1', orderAt(1), { entity: 'user' }),
    scoreRow('u-2', orderAt(2), { entity: 'user' }),
  ]);
  const plan = store.compileRead([
    { entity: 'user', views: [scoreView] },
    { entity: 'ad', views: VIEWS },
  ]);
  const sent: number[] = [];
  client.stream.on('data', () => sent.push(client.stream.bytesWritten));
  const bytesBefore = client.stream.bytesWritten;
  const [userRows, adRows] = await store.read(plan, [users, ads.toReversed()]);

  const eventOf = (row: Buffer | null) => row && scoreCodec.decode(row)?.header.eventTimestampMs;
  expect(userRows?.map(eventOf)).toEqual([1, null, 2]);
  expect(adRows?.map(eventOf)).toEqual(
    ads
      .toReversed()
      .flatMap((_, i) => [999 - i, null, i - 999].map((event) => (event === null ? null : event + 0))),
  );
  // everything was written before the first answer came (a server that lacks the script is asked once more)
  const [firstAnswer] = await secondRead();
  expect(firstAnswer).toBe(client.stream.bytesWritten);
  expect(client.stream.bytesWritten).toBeGreaterThan(bytesBefore);

  async function secondRead(): Promise<number[]> {
    sent.length = 0;
    await store.read(plan, [users, ads]);
    return sent;
  }
});

test('no keys, no command', async ({ redis }) => {
  const { store } = await open(redis.url);
  const plan = store.compileRead([
    { entity: 'ad', views: VIEWS },
    { entity: 'user', views: VIEWS },
  ]);
  expect(await store.read(plan, [[], []])).toEqual([[], []]);
  expect(await store.read(plan, [[], ['nobody']])).toEqual([[], [null, null, null]]);
});

test('to read nothing of an entity is a defect of the plan', async ({ redis }) => {
  const { store } = await open(redis.url);
  expect(() => store.compileRead([{ entity: 'ad', views: [] }])).toThrow(
    'Nothing is to be read of the entity ad',
  );
});
