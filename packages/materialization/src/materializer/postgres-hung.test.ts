import { createOfflineStore } from '@larder/offline-store';
import { startPostgresProxy } from '@larder/testing';
import { expect, onTestFinished } from 'vitest';
import { test } from '../../fixtures/shop.ts';

test('connections that went silent free their slots, and the run ends without another worker', async ({
  shop,
}) => {
  const proxy = await startPostgresProxy(shop.databaseUrl);
  const offlineStore = createOfflineStore({
    databaseUrl: proxy.url,
    maxConnections: 10,
    statementTimeoutMs: 1_000,
    logger: shop.logger,
  });
  await shop.seedAds(100, () => 'slow:20 and then some');
  const materializer = shop.materializer({ offlineStore });
  onTestFinished(async () => {
    await materializer.stop({ deadlineMs: 1_000 });
    await offlineStore.close();
    await proxy.cut();
  });
  const runId = await shop.backfill('ad_words');
  await shop.until(runId, (run) => run.rows.done > 0);
  proxy.loseConnections();
  expect(await shop.ended(runId)).toMatchObject({ status: 'succeeded', rows: { done: 100, failed: 0 } });
  const [history] = await shop.sql<{ rows: number; ads: number }>(
    'select count(*)::integer as rows, count(distinct ad_id)::integer as ads from shop_history.ad_words_v1',
  );
  expect(history).toEqual({ rows: 100, ads: 100 });
});
