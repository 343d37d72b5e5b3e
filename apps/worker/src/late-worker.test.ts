import { createBackfill } from '@larder/materialization/runs';
import { describe, expect } from 'vitest';
import { everyRowOnce, test } from '../fixtures/shop-worker.ts';

const ROWS = 400;

describe('a worker', () => {
  test('that was frozen and wakes up late writes nothing', async ({ shop, startWorker }) => {
    await shop.seedAds(ROWS, () => 'slow:20 and then some');
    const frozen = await startWorker();
    const { runId } = await createBackfill(shop.store, {
      manifest: shop.project.manifest,
      view: 'ad_words',
      scope: { all: true },
      force: true,
    });
    await shop.until(runId, (run) => run.rows.done > 0);
    /** Freezes the worker amid a chunk; between two chunks it has to be tried again. */
    const freeze = async () => {
      frozen.kill('SIGSTOP');
      const held = await shop.sql(
        `select 1 from larder.chunks where run_id = '${runId}' and state = 'running'`,
      );
      if (held.length === 0) frozen.kill('SIGCONT');
      return held.length;
    };
    await expect.poll(freeze).toBeGreaterThan(0);
    await startWorker();
    expect(await shop.ended(runId)).toMatchObject({ status: 'succeeded', rows: { done: ROWS } });
    const before = await shop.sql(
      'select ad_id, landed_at, chunk_id from shop_history.ad_words_v1 order by ad_id',
    );
    frozen.kill('SIGCONT');
    // After waking up, it finds that its attempts are taken, and takes part in the next run.
    const next = await createBackfill(shop.store, {
      manifest: shop.project.manifest,
      view: 'ad_words',
      scope: { all: true },
    });
    expect(await shop.ended(next.runId)).toMatchObject({ rows: { skippedUnchanged: ROWS } });
    frozen.kill('SIGTERM');
    expect(await frozen.exited()).toBe(0);
    expect(
      await shop.sql('select ad_id, landed_at, chunk_id from shop_history.ad_words_v1 order by ad_id'),
    ).toEqual(before);
    await everyRowOnce(shop, ROWS);
  });
});
