import { projectKeyHasher } from '@larder/offline-store';
import { connectRedis, createOnlineStore, waitForRedis } from '@larder/online-store';
import { startTestRedis } from '@larder/testing';
import { describe, expect } from 'vitest';
import { test } from '../../fixtures/shop.ts';

describe('a worker that dies between history and the online store', () => {
  test('leaves chunks that another worker replays without computing', async ({ shop }) => {
    await shop.seedAds(60, (at) => 'word '.repeat(at + 1).trim());
    const dead = await startTestRedis();
    const deadConnection = connectRedis(dead.url, { role: 'worker', commandTimeoutMs: 200 });
    await waitForRedis(deadConnection, 30_000);
    await dead.stop();
    const first = shop.materializer({
      onlineStore: createOnlineStore({
        redis: deadConnection,
        project: 'shop',
        keyHasher: () => projectKeyHasher(shop.store, 'shop'),
      }),
    });
    const runId = await shop.backfill('ad_words');
    await expect
      .poll(() => shop.sql<{ state: string }>('select distinct state from larder.chunks'), {
        timeout: 60_000,
      })
      .toEqual([{ state: 'landed_history' }]);
    await first.stop({ deadlineMs: 1_000 });
    deadConnection.disconnect();
    expect(await shop.online('ad_words@1', 'ad-0041')).toBeNull();

    // Computing again would be visible: the source has different texts now.
    await shop.sql(`update ads set body = 'changed'`);
    shop.materializer();
    expect(await shop.ended(runId)).toMatchObject({ status: 'succeeded', rows: { total: 60, done: 60 } });
    for (const at of [0, 41, 59])
      expect((await shop.online('ad_words@1', `ad-${String(at).padStart(4, '0')}`))?.values).toMatchObject({
        word_count: at + 1,
      });
    expect(await shop.sql('select 1 from shop_history.ad_words_v1')).toHaveLength(60);
  });
});
