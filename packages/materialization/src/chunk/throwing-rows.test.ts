import { describe, expect } from 'vitest';
import { QUICK } from '../../fixtures/quick-times.ts';
import { test, type Shop } from '../../fixtures/shop.ts';
import { getRun, listFailures, retryFailed } from '../runs/index.ts';

async function backfill(shop: Shop): Promise<string> {
  await shop.sql('truncate shop_history.ad_words_v1');
  const runId = await shop.backfill('ad_words');
  return runId;
}

async function failuresOf(shop: Shop, runId: string) {
  return (await listFailures(shop.store, 'shop', runId)).failures;
}

describe('a computation that throws', () => {
  test('for one row fails that row alone', async ({ shop }) => {
    await shop.seedAds(60, (at) => (at === 25 ? 'throw' : 'fine'));
    shop.materializer();
    const runId = await backfill(shop);
    expect(await shop.ended(runId)).toMatchObject({
      status: 'partial',
      rows: { total: 60, done: 59, failed: 1 },
    });
    expect(await failuresOf(shop, runId)).toMatchObject([
      { key: 'ad-0025', code: 'COMPUTATION_FAILED', attempts: 5, retryable: true },
    ]);
    // The other rows of its chunk landed at the first attempt.
    expect(await shop.sql(`select distinct failures from larder.chunks where run_id = '${runId}'`)).toEqual([
      { failures: 0 },
    ]);
    await shop.sql(`update ads set body = 'mended' where ad_id = 'ad-0025'`);
    await retryFailed(shop.store, 'shop', runId);
    expect(await shop.ended(runId)).toMatchObject({ status: 'succeeded', rows: { total: 60, done: 60 } });
  });

  test('may crash its thread; the row fails alone, and later attempts get a new thread', async ({ shop }) => {
    await shop.seedAds(10, (at) => (at === 5 ? 'exit' : 'fine'));
    shop.materializer({ times: { ...QUICK, backoffMs: 2_000 } });
    const runId = await backfill(shop);
    await expect
      .poll(() => failuresOf(shop, runId), { timeout: 200_000, interval: 20 })
      .toMatchObject([{ key: 'ad-0005', code: 'COMPUTATION_FAILED' }]);
    await shop.sql(`update ads set body = 'mended' where ad_id = 'ad-0005'`);
    expect(await shop.ended(runId)).toMatchObject({ status: 'succeeded', rows: { total: 10, done: 10 } });
  });

  test('for nearly all rows of a chunk still lands the good ones', async ({ shop }) => {
    await shop.seedAds(20, (at) => (at < 18 ? 'throw' : 'fine'));
    shop.materializer();
    const runId = await backfill(shop);
    expect(await shop.ended(runId)).toMatchObject({
      status: 'partial',
      rows: { total: 20, done: 2, failed: 18 },
    });
    expect((await failuresOf(shop, runId)).map(({ key, attempts }) => `${key} ${attempts}`).sort()).toEqual(
      Array.from({ length: 18 }, (_, at) => `ad-${String(at).padStart(4, '0')} 5`),
    );
  });

  test('for every row records the reason at its first attempt, and fails the chunk after five', async ({
    shop,
  }) => {
    await shop.seedAds(20, () => 'throw');
    const patient = shop.materializer({ times: { ...QUICK, backoffMs: 3_600_000 } });
    const runId = await backfill(shop);
    await expect
      .poll(() => failuresOf(shop, runId), { timeout: 60_000, interval: 20 })
      .toMatchObject([
        {
          key: null,
          code: 'COMPUTATION_FAILED',
          attempts: 1,
          reason: expect.stringMatching(/^Chunk 0 \(20 rows\): .*the word machine is out of order/),
        },
      ]);
    expect(await getRun(shop.store, 'shop', runId)).toMatchObject({ status: 'running', rows: { failed: 0 } });
    await patient.stop({ deadlineMs: 1_000 });

    await shop.sql(`update larder.chunks set not_before = now() where run_id = '${runId}'`);
    shop.materializer();
    expect(await shop.ended(runId)).toMatchObject({ status: 'failed', rows: { total: 20, failed: 20 } });
    expect(await failuresOf(shop, runId)).toMatchObject([{ key: null, attempts: 5 }]);
  });

  test('and later recovers leaves no failure behind', async ({ shop }) => {
    await shop.seedAds(20, () => 'throw');
    shop.materializer({ times: { ...QUICK, backoffMs: 300 } });
    const runId = await backfill(shop);
    await expect.poll(() => failuresOf(shop, runId), { timeout: 60_000, interval: 20 }).toHaveLength(1);
    await shop.sql(`update ads set body = 'mended'`);
    expect(await shop.ended(runId)).toMatchObject({ status: 'succeeded', rows: { done: 20 } });
    expect(await failuresOf(shop, runId)).toEqual([]);
  });
});
