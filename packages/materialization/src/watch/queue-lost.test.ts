import { connectRedis } from '@larder/online-store';
import { startTestRedis } from '@larder/testing';
import { Queue } from 'bullmq';
import { describe, expect } from 'vitest';
import { test } from '../../fixtures/shop.ts';
import { queuePrefix } from '../queue/queue-prefix.ts';

async function landedOnce(shop: { sql<Row>(text: string): Promise<Row[]> }, rows: number): Promise<void> {
  expect(
    await shop.sql(
      'select count(*)::int as rows, count(distinct ad_id)::int as ads from shop_history.ad_words_v1',
    ),
  ).toEqual([{ rows, ads: rows }]);
}

describe('the queue', () => {
  test('loses every job again and again; the run still ends', async ({ shop }) => {
    const queueRedis = await startTestRedis();
    const redis = connectRedis(queueRedis.url, { role: 'worker' });
    await shop.seedAds(300, () => 'slow:2 text');
    shop.materializer({ queueRedisUrl: queueRedis.url, slots: 1 });
    const runId = await shop.backfill('ad_words');
    for (const rows of [20, 100, 200]) {
      await shop.until(runId, (run) => run.rows.done >= rows);
      await redis.flushall();
    }
    expect(await shop.ended(runId)).toMatchObject({ status: 'succeeded', rows: { total: 300, done: 300 } });
    await landedOnce(shop, 300);
    redis.disconnect();
  });

  test('is down for a while; the run continues when it is back', async ({ shop }) => {
    await shop.sql('truncate shop_history.ad_words_v1');
    const queueRedis = await startTestRedis();
    await shop.seedAds(200, () => 'slow:2 text');
    shop.materializer({ queueRedisUrl: queueRedis.url, slots: 1 });
    const runId = await shop.backfill('ad_words');
    await shop.until(runId, (run) => run.rows.done >= 20);
    await queueRedis.stop();
    await expect
      .poll(() => shop.sql(`select 1 from larder.chunks where state = 'running'`), { timeout: 60_000 })
      .toEqual([]);
    await queueRedis.start();
    expect(await shop.ended(runId)).toMatchObject({ status: 'succeeded', rows: { total: 200, done: 200 } });
    await landedOnce(shop, 200);
  });

  test('delivers each job three times; every row lands once', async ({ shop }) => {
    await shop.sql('truncate shop_history.ad_words_v1');
    const queueRedis = await startTestRedis();
    const redis = connectRedis(queueRedis.url, { role: 'worker' });
    const queue = new Queue('chunks', { connection: redis, prefix: queuePrefix('shop') });
    await shop.seedAds(200, () => 'slow:2 text');
    const options = { queueRedisUrl: queueRedis.url, slots: 1 };
    shop.materializer(options);
    shop.materializer(options);
    const runId = await shop.backfill('ad_words');
    let repeated = 0;
    await expect
      .poll(
        async () => {
          const current = await shop.sql<{ chunk_id: number; attempt: number; finished: boolean }>(`
            select c.chunk_id, c.attempt, r.finished_at is not null as finished
            from larder.chunks c join larder.runs r using (run_id) where r.run_id = '${runId}' and c.attempt > 0`);
          for (const { chunk_id, attempt } of current) {
            for (const name of ['again', 'once-more'])
              await queue.add(
                'chunk',
                { v: 1, chunkId: chunk_id, attempt },
                { jobId: `${name}-${chunk_id}-${attempt}`, removeOnComplete: true },
              );
            repeated++;
          }
          return current[0]?.finished;
        },
        { timeout: 60_000, interval: 10 },
      )
      .toBe(true);
    expect(repeated).toBeGreaterThan(10);
    expect(await shop.ended(runId)).toMatchObject({ status: 'succeeded', rows: { total: 200, done: 200 } });
    await landedOnce(shop, 200);
    await queue.close();
    redis.disconnect();
  });
});
