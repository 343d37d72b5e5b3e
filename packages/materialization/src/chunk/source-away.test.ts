import { describe, expect } from 'vitest';
import { QUICK } from '../../fixtures/quick-times.ts';
import { test } from '../../fixtures/shop.ts';
import { createBackfill, listFailures, retryFailed } from '../runs/index.ts';

describe("a source's database", () => {
  test('that is down while a run is planned is retried', async ({ shop }) => {
    await shop.seedAds(40, () => 'two words');
    const url = shop.databaseUrl.replace(/\w+@/, 'reader@');
    shop.materializer({ connections: { shop: url }, times: { ...QUICK, backoffMs: 300 } });
    const request = { manifest: shop.project.manifest, view: 'ad_words', scope: { all: true } } as const;
    const { runId } = await createBackfill(shop.store, request);
    await expect
      .poll(() => shop.sql('select planning_failures > 0 as tried from larder.runs'), {
        timeout: 60_000,
        interval: 10,
      })
      .toEqual([{ tried: true }]);
    await shop.sql('create role reader login; grant pg_read_all_data to reader');
    expect(await shop.ended(runId)).toMatchObject({ status: 'succeeded', rows: { done: 40 } });

    await shop.sql('alter role reader nologin');
    await shop.sql(`select pg_terminate_backend(pid) from pg_stat_activity where usename = 'reader'`);
    const away = await createBackfill(shop.store, request);
    const run = await shop.ended(away.runId);
    expect(run).toMatchObject({ status: 'failed', error: { code: 'SOURCE_UNAVAILABLE' } });
    expect(run.error?.reason).toMatch(/connection 'shop'.*LARDER_CONNECTION_SHOP_URL/);
    await shop.sql('alter role reader login');
    await retryFailed(shop.store, 'shop', away.runId);
    expect(await shop.ended(away.runId)).toMatchObject({
      status: 'succeeded',
      rows: { skippedUnchanged: 40 },
      error: null,
    });
    await shop.sql('drop owned by reader; drop role reader');
  });

  test('that refuses the query fails the run at once', async ({ shop }) => {
    await shop.sql('alter table ads rename column body to text');
    shop.materializer();
    const runId = await shop.backfill('ad_words');
    expect(await shop.ended(runId)).toMatchObject({
      status: 'failed',
      error: { code: 'SOURCE_QUERY_INVALID' },
    });
    expect((await listFailures(shop.store, 'shop', runId)).failures).toEqual([]);
  });
});
