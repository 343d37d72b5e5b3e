import { test } from '@larder/testing';
import { afterAll, expect } from 'vitest';
import { type Redis, connectRedis } from '../connection/connect-redis.ts';
import { createOnlineStore } from '../online-store.ts';
import { waitForRedis } from '../connection/wait-for-redis.ts';
import { testHasher, orderAt, scoreCodec, scoreRow, scoreView } from '../testing/views.ts';

const VIEWS = [1, 2, 3].map((version) => ({ name: 'ad_score', version }));
const connections: Redis[] = [];
afterAll(() => {
  for (const redis of connections) redis.disconnect();
});

async function open(url: string) {
  // two thousand rows are written at once here, beside whatever else the machine does
  const redis = connectRedis(url, { role: 'serving', commandTimeoutMs: 10_000 });
  connections.push(redis);
  await waitForRedis(redis, 30_000);
  return { redis, store: createOnlineStore({ redis, project: 'ads', keyHasher: testHasher }) };
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
  await store.write([
    ...ads.flatMap((key, i) => [
      scoreRow(key, orderAt(i), { viewRef: 'ad_score@1' }),
      scoreRow(key, orderAt(5_000 + i), { viewRef: 'ad_score@3' }),
    ]),
    scoreRow('u-1', orderAt(1), { entity: 'user' }),
    scoreRow('u-2', orderAt(2), { entity: 'user' }),
  ]);
  const plan = store.compileRead([
    { entity: 'user', views: [scoreView] },
    { entity: 'ad', views: VIEWS },
  ]);
  const wanted = [['u-1', 'missing', 'u-2'], ads.toReversed()];
  await store.read(plan, wanted); // a server that lacks the script is asked once more

  const writtenAtAnswer: number[] = [];
  client.stream.on('data', () => writtenAtAnswer.push(client.stream.bytesWritten));
  const writtenBefore = client.stream.bytesWritten;
  const [userRows, adRows] = await store.read(plan, wanted);
  expect(writtenAtAnswer[0]).toBeGreaterThan(writtenBefore);
  expect(new Set(writtenAtAnswer).size).toBe(1); // nothing was sent after the first answer

  const eventOf = (row: Buffer | null) => row && scoreCodec.decode(row)?.header.eventTimestampMs;
  expect(userRows?.map(eventOf)).toEqual([1, null, 2]);
  expect(adRows?.map(eventOf)).toEqual(ads.flatMap((_, i) => [999 - i, null, 5_999 - i]));
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
    'The plan reads no view of the entity ad',
  );
});
