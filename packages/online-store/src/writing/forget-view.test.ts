import { test } from '@larder/testing';
import { expect } from 'vitest';
import { connectRedis } from '../connection/connect-redis.ts';
import { createOnlineStore } from '../online-store.ts';
import { testHasher, orderAt, scoreRow } from '../testing/views.ts';

test('a forgotten view version is gone for every key; other versions, entities and projects keep theirs', async ({
  redis,
}) => {
  const connection = connectRedis(redis.url, { role: 'tool' });
  const [store, other] = ['forgetting', 'remembering'].map((project) =>
    createOnlineStore({ redis: connection, project, keyHasher: testHasher }),
  ) as [ReturnType<typeof createOnlineStore>, ReturnType<typeof createOnlineStore>];
  try {
    const keys = Array.from({ length: 2_500 }, (_, i) => `ad-${i}`);
    await store.write(keys.map((key) => scoreRow(key, orderAt(1))));
    await store.write([
      scoreRow('ad-7', orderAt(1), { viewRef: 'ad_score@2' }),
      scoreRow('u', orderAt(1), { entity: 'ad_user' }),
    ]);
    await other.write([scoreRow('ad-7', orderAt(1))]);

    expect(await store.forgetView('ad', 'ad_score@1')).toBe(2_500);
    expect(await store.forgetView('ad', 'ad_score@1')).toBe(0);

    expect((await store.keys('ad', { cursor: null, limit: 5_000 })).keys).toEqual(['ad-7']);
    expect((await store.inspect('ad', 'ad-7'))?.fields.map(({ viewRef }) => viewRef)).toEqual(['ad_score@2']);
    expect((await store.keys('ad_user', { cursor: null, limit: 10 })).keys).toEqual(['u']);
    expect((await other.inspect('ad', 'ad-7'))?.fields).toHaveLength(1);
  } finally {
    connection.disconnect();
  }
});
