import { finishRuns } from '../runs/index.ts';
import { describe, expect } from 'vitest';
import { QUICK } from '../../fixtures/quick-times.ts';
import { test, type Shop } from '../../fixtures/shop.ts';
import { cancelRun, getRun, listFailures, retryFailed } from '../runs/index.ts';

async function backfill(shop: Shop): Promise<string> {
  const runId = await shop.backfill('ad_words');
  return runId;
}

async function attempts(shop: Shop, runId: string): Promise<Record<string, number>> {
  const { failures } = await listFailures(shop.store, 'shop', runId);
  return Object.fromEntries(failures.map((failure) => [failure.key ?? '', failure.attempts]));
}

const BODIES: Readonly<Record<number, string>> = { 3: 'away', 17: 'away', 30: 'poison', 44: 'away' };

describe('rows with a transient failure', () => {
  test('are retried alone within the run until they succeed', async ({ shop }) => {
    await shop.seedAds(60, (at) => BODIES[at] ?? 'two words');
    shop.materializer({ times: { ...QUICK, backoffMs: 100 } });
    const runId = await backfill(shop);
    await expect
      .poll(async () => (await attempts(shop, runId))['ad-0044'] ?? 0, { timeout: 60_000, interval: 10 })
      .toBeGreaterThan(1);
    expect((await getRun(shop.store, 'shop', runId)).status).toBe('running');
    await shop.sql(`update ads set body = 'back again' where body = 'away'`);
    expect(await shop.ended(runId)).toMatchObject({
      status: 'partial',
      rows: { total: 60, done: 59, failed: 1 },
    });
    expect(await attempts(shop, runId)).toEqual({ 'ad-0030': 1 });
    expect((await shop.online('ad_words@1', 'ad-0003'))?.values).toMatchObject({ word_count: 2 });
    expect(await shop.sql('select 1 from shop_history.ad_words_v1')).toHaveLength(59);
  });

  test('fail permanently after five attempts', async ({ shop }) => {
    await shop.sql('truncate shop_history.ad_words_v1');
    await shop.seedAds(60, (at) => BODIES[at] ?? 'two words');
    shop.materializer();
    const runId = await backfill(shop);
    expect(await shop.ended(runId)).toMatchObject({
      status: 'partial',
      rows: { total: 60, done: 56, failed: 4 },
    });
    expect(await attempts(shop, runId)).toEqual({ 'ad-0003': 5, 'ad-0017': 5, 'ad-0030': 1, 'ad-0044': 5 });
    expect(await shop.sql('select 1 from larder.row_failures where retry_at is not null')).toEqual([]);
  });

  test('a row whose event timestamp changes with each attempt also fails permanently after five', async ({
    shop,
  }) => {
    await shop.sql('truncate shop_history.ad_words_v1');
    await shop.seedAds(10, (at) => (at === 5 ? 'away' : 'fine'));
    // Like a source that returns now().
    await shop.sql(`alter table ads rename to real_ads;
      create view ads as select ad_id, body, case body when 'away' then clock_timestamp() else updated_at end as updated_at from real_ads`);
    shop.materializer();
    const runId = await backfill(shop);
    expect(await shop.ended(runId)).toMatchObject({
      status: 'partial',
      rows: { total: 10, done: 9, failed: 1 },
    });
    expect(await attempts(shop, runId)).toEqual({ 'ad-0005': 5 });
    await shop.sql('drop view ads; alter table real_ads rename to ads');
  });

  test('are not retried when the run is cancelled', async ({ shop }) => {
    await shop.sql('truncate shop_history.ad_words_v1');
    await shop.seedAds(60, (at) => BODIES[at] ?? 'two words');
    shop.materializer({ times: { ...QUICK, backoffMs: 3_600_000 } });
    const runId = await backfill(shop);
    await expect
      .poll(() => shop.sql(`select distinct state from larder.chunks where run_id = '${runId}'`), {
        timeout: 60_000,
        interval: 20,
      })
      .toEqual([{ state: 'done' }]);
    expect(await finishRuns(shop.store, 'shop')).toEqual([]);
    expect((await getRun(shop.store, 'shop', runId)).status).toBe('running');
    await cancelRun(shop.store, 'shop', runId);
    expect(await getRun(shop.store, 'shop', runId)).toMatchObject({
      status: 'cancelled',
      rows: { total: 60, done: 56, failed: 4 },
    });
    expect(await shop.sql('select 1 from larder.row_failures where retry_at is not null')).toEqual([]);
  });
});

test('a failed row that was fixed, and so has a newer event timestamp, is computed by the retry', async ({
  shop,
}) => {
  await shop.sql('truncate shop_history.ad_words_v1');
  await shop.seedAds(10, (at) => (at === 5 ? 'poison' : 'fine'));
  shop.materializer();
  const runId = await backfill(shop);
  expect(await shop.ended(runId)).toMatchObject({
    status: 'partial',
    rows: { total: 10, done: 9, failed: 1 },
  });
  await shop.sql(
    `update ads set body = 'is mended now', updated_at = '2026-04-01T00:00:00Z' where ad_id = 'ad-0005'`,
  );
  await retryFailed(shop.store, 'shop', runId);
  expect(await shop.ended(runId)).toMatchObject({ status: 'succeeded', rows: { total: 10, done: 10 } });
  expect((await shop.online('ad_words@1', 'ad-0005'))?.values).toMatchObject({ word_count: 3 });
});
