import { createBackfill } from '@larder/materialization/runs';
import { describe, expect } from 'vitest';
import { everyRowOnce, test } from '../fixtures/shop-worker.ts';

describe('a worker', () => {
  test('killed in the middle of a backfill loses no row and duplicates none', async ({
    shop,
    startWorker,
  }) => {
    await shop.seedAds(400, () => 'slow:10 and then some');
    const first = await startWorker();
    const { runId } = await createBackfill(shop.store, {
      manifest: shop.project.manifest,
      view: 'ad_words',
      scope: { all: true },
    });
    await shop.until(runId, (run) => run.rows.done >= 60);
    first.kill('SIGKILL');
    expect(await first.exited()).toBe('SIGKILL');
    expect(await shop.sql(`select 1 from larder.chunks where state <> 'done'`)).not.toEqual([]);
    await startWorker();
    expect(await shop.ended(runId)).toMatchObject({
      status: 'succeeded',
      rows: { total: 400, done: 400, failed: 0 },
    });
    await everyRowOnce(shop, 400);
  });

  test('told to stop, it releases or finishes what it holds, and exits', async ({ shop, startWorker }) => {
    await shop.sql('truncate shop_history.ad_words_v1');
    await shop.seedAds(400, () => 'slow:20 and then some');
    const worker = await startWorker();
    const { runId } = await createBackfill(shop.store, {
      manifest: shop.project.manifest,
      view: 'ad_words',
      scope: { all: true },
      force: true,
    });
    await shop.until(runId, (run) => run.rows.done > 0);
    const port = /"metricsPort":(\d+)/.exec(worker.output())?.[1];
    const ready = async () => (await fetch(`http://127.0.0.1:${port}/health/ready`)).status;
    expect(await ready()).toBe(200);
    // It cannot give its chunks back, and so cannot end, before this test has seen that it is about to.
    await shop.store.transaction(async ({ client }) => {
      await client.query('lock table larder.chunks in exclusive mode');
      worker.kill('SIGTERM');
      await expect.poll(ready, { timeout: 10_000, interval: 5 }).toBe(503);
    });
    expect(await worker.exited()).toBe(0);
    expect(
      await shop.sql(`select 1 from larder.chunks where state in ('running', 'landed_history')`),
    ).toEqual([]);
    await startWorker();
    expect(await shop.ended(runId)).toMatchObject({ status: 'succeeded', rows: { done: 400 } });
    await everyRowOnce(shop, 400);
  });
});
