import { projectKeyHasher } from '@larder/offline-store';
import { connectRedis, createOnlineStore, waitForRedis } from '@larder/online-store';
import { startTestRedis } from '@larder/testing';
import { expect } from 'vitest';
import { test } from '../../fixtures/shop.ts';

test('a landed chunk that cannot be replayed does not block the others', async ({ shop }) => {
  await shop.seedAds(5, () => 'two words');
  await shop.sql(`insert into stats values ('ad-1', 1, '2026-02-01', '2026-02-01', 1, 1, 'fine')`);
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
  const backfill = async (view: string) => {
    const runId = await shop.backfill(view);
    await expect
      .poll(() => shop.sql<{ state: string }>(`select state from larder.chunks where run_id = '${runId}'`), {
        timeout: 60_000,
      })
      .toEqual([{ state: 'landed_history' }]);
    return runId;
  };
  await backfill('ad_words');
  const replayed = await backfill('ad_user_stats');
  await first.stop({ deadlineMs: 1_000 });
  deadConnection.disconnect();

  await shop.sql('alter table shop_history.ad_words_v1 rename to elsewhere');
  // They are claimed together from here on.
  await shop.sql(`update larder.chunks set lease_expires_at = now()`);
  shop.materializer();
  expect(await shop.ended(replayed)).toMatchObject({ status: 'succeeded', rows: { done: 1 } });
  expect(await shop.online('ad_user_stats@1', 'ad-1|1')).not.toBeNull();
});
