import { expect } from 'vitest';
import { test } from '../../fixtures/shop.ts';

test('a row that history would not keep is skipped, run after run, and fails nothing', async ({ shop }) => {
  const { manifest } = shop.project;
  const view = { ...shop.view('ad_user_stats@1'), retention_ms: 30 * 86_400_000 };
  const applied = { ...manifest, feature_views: { ...manifest.feature_views, 'ad_user_stats@1': view } };
  await shop.sql(
    `insert into stats select 'ad-1', u, now() - u * interval '29 days', now(), 1, 1, 'n' from generate_series(1, 3) u`,
  );
  shop.materializer({ applied: () => applied });
  for (const done of [1, 0]) {
    const run = await shop.ended(await shop.backfill('ad_user_stats'));
    expect(run).toMatchObject({
      status: 'succeeded',
      rows: { total: 3, done, failed: 0, skippedUnchanged: 3 - done },
    });
  }
  expect(await shop.sql('select user_id::int from shop_history.ad_user_stats_v1')).toEqual([{ user_id: 1 }]);
});
