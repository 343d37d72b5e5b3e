import { startRedisProxy } from '@larder/testing';
import { describe, expect, vi } from 'vitest';
import { QUICK } from '../../fixtures/quick-times.ts';
import { test, type Shop } from '../../fixtures/shop.ts';

const TIMES = { ...QUICK, wedgedAfterMs: 3_000 };
/** The name of a consumer's connections. */
const CONSUMER = 'larder-queue';

async function backfill(shop: Shop, ads: number): Promise<string> {
  await shop.seedAds(ads, () => 'slow:10 text');
  const runId = await shop.backfill('ad_words', { force: true });
  return runId;
}

function countingObserver() {
  const wedges: string[] = [];
  return {
    wedges,
    observer: {
      chunkEnded() {},
      rowsLanded() {},
      scheduleTaken() {},
      consumerWedged: (queue: string) => wedges.push(queue),
    },
  };
}

describe('a consumer whose connections went silent', () => {
  test('is replaced by one with new connections, and the run continues', async ({ shop }) => {
    const proxy = await startRedisProxy(shop.redisUrl);
    const { wedges, observer } = countingObserver();
    const onWedged = vi.fn();
    const materializer = shop.materializer({ queueRedisUrl: proxy.url, times: TIMES, observer, onWedged });
    const runId = await backfill(shop, 400);
    await shop.until(runId, (run) => run.rows.done >= 40);
    expect(proxy.silence(CONSUMER)).toBeGreaterThan(0);
    expect(await shop.ended(runId)).toMatchObject({ status: 'succeeded', rows: { total: 400, done: 400 } });
    expect(
      await shop.sql(
        'select count(*)::int as rows, count(distinct ad_id)::int as ads from shop_history.ad_words_v1',
      ),
    ).toEqual([{ rows: 400, ads: 400 }]);
    expect(wedges).toEqual(['chunks']);
    expect(onWedged).not.toHaveBeenCalled();
    await materializer.stop({ deadlineMs: 5_000 });
    await proxy.close();
  });

  test('ends the process when it happens a third time', async ({ shop }) => {
    const proxy = await startRedisProxy(shop.redisUrl);
    const { wedges, observer } = countingObserver();
    const onWedged = vi.fn();
    const materializer = shop.materializer({ queueRedisUrl: proxy.url, times: TIMES, observer, onWedged });
    proxy.silenceForever(CONSUMER);
    const runId = await backfill(shop, 40);
    await vi.waitFor(() => expect(onWedged).toHaveBeenCalledOnce(), { timeout: 60_000 });
    expect(wedges).toEqual(['chunks', 'chunks', 'chunks']);
    await materializer.stop({ deadlineMs: 1_000 });
    const fresh = shop.materializer();
    expect(await shop.ended(runId)).toMatchObject({ status: 'succeeded', rows: { done: 40 } });
    await fresh.stop({ deadlineMs: 1_000 });
    await proxy.close();
  });
});

describe('a producer whose connection went silent', () => {
  test('is reconnected, and the run continues', async ({ shop }) => {
    const proxy = await startRedisProxy(shop.redisUrl);
    const materializer = shop.materializer({ queueRedisUrl: proxy.url, times: TIMES });
    const runId = await backfill(shop, 400);
    await shop.until(runId, (run) => run.rows.done >= 40);
    expect(proxy.silence('larder-worker')).toBeGreaterThan(0);
    expect(await shop.ended(runId)).toMatchObject({ status: 'succeeded', rows: { total: 400, done: 400 } });
    await materializer.stop({ deadlineMs: 5_000 });
    await proxy.close();
  });
});

describe('a consumer that works', () => {
  test('is left alone while its slots are taken', async ({ shop }) => {
    const { wedges, observer } = countingObserver();
    // A chunk takes longer than jobs may wait while slots are free.
    shop.materializer({ times: TIMES, slots: 1, observer });
    await shop.seedAds(60, () => 'slow:160 text');
    const runId = await shop.backfill('ad_words', { force: true });
    await shop.ended(runId);
    expect(wedges).toEqual([]);
  });
});
