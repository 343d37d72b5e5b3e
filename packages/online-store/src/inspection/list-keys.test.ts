import { test } from '@larder/testing';
import { afterAll, expect } from 'vitest';
import { type Redis, connectRedis } from '../connection/connect-redis.ts';
import { type OnlineStore, createOnlineStore } from '../online-store.ts';
import { testHasher, orderAt, scoreRow } from '../testing/views.ts';

const connections: Redis[] = [];
afterAll(() => {
  for (const redis of connections) redis.disconnect();
});

function storeOf(url: string, project: string): OnlineStore {
  const redis = connectRedis(url, { role: 'worker' });
  connections.push(redis);
  return createOnlineStore({ redis, project, keyHasher: testHasher });
}

async function allPages(
  store: OnlineStore,
  options: { limit: number; viewRef?: string },
): Promise<string[][]> {
  const pages: string[][] = [];
  let cursor: string | null = null;
  do {
    const page = await store.keys('ad', { ...options, cursor });
    pages.push(page.keys);
    cursor = page.cursor;
  } while (cursor !== null);
  return pages;
}

test('pages list every key of one entity of one project, and can be held to a view', async ({ redis }) => {
  const store = storeOf(redis.url, 'ads');
  const keys = Array.from({ length: 700 }, (_, i) => `ad-${i}`);
  await store.write([
    ...keys.map((key, i) =>
      scoreRow(key, orderAt(1), { viewRef: i % 7 === 0 ? 'ad_score@2' : 'ad_score@1' }),
    ),
    scoreRow('u', orderAt(1), { entity: 'ad_user' }),
  ]);
  await storeOf(redis.url, 'shop').write([scoreRow('elsewhere', orderAt(1))]);

  const pages = await allPages(store, { limit: 100 });
  expect(pages.length).toBeGreaterThan(4);
  for (const page of pages) expect(page.length).toBeLessThan(150);
  expect(new Set(pages.flat())).toEqual(new Set(keys));

  const held = await allPages(store, { limit: 100, viewRef: 'ad_score@2' });
  expect(new Set(held.flat())).toEqual(new Set(keys.filter((_, i) => i % 7 === 0)));
});

test('a few keys among very many others are found', async ({ redis }) => {
  const store = storeOf(redis.url, 'rare');
  await storeOf(redis.url, 'crowd').write(
    Array.from({ length: 20_000 }, (_, i) => scoreRow(`c-${i}`, orderAt(1))),
  );
  await store.write([scoreRow('needle', orderAt(1))]);
  expect((await allPages(store, { limit: 10 })).flat()).toEqual(['needle']);
});
