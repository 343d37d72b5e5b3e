import { newId } from '@larder/core';
import { test } from '@larder/materialization/fixtures';
import { createBackfill, listRuns } from '@larder/materialization/runs';
import { expect } from 'vitest';
import { startRetention } from './start-retention.ts';

test('a worker deletes runs that ended long ago, step by step in one turn', async ({ shop }) => {
  await shop.seedAds(10, () => 'two words');
  const backfill = (force = false) =>
    createBackfill(shop.store, {
      manifest: shop.project.manifest,
      view: 'ad_words',
      scope: { all: true },
      force,
      idempotencyKey: newId(),
    });
  const worker = shop.materializer();
  const old = await backfill();
  await shop.ended(old.runId);
  const young = await backfill(true);
  await shop.ended(young.runId);
  await worker.stop({ deadlineMs: 1_000 });
  await shop.sql(
    `update larder.runs set finished_at = now() - interval '31 days' where run_id = '${old.runId}'`,
  );
  const retention = startRetention({
    store: shop.store,
    project: 'shop',
    retention: {
      changesMs: 'forever',
      predictionsMs: 'forever',
      runsMs: 30 * 86_400_000,
      pushesMs: 86_400_000,
    },
    logger: shop.logger,
  });
  await expect
    .poll(async () => (await listRuns(shop.store, 'shop')).runs.map((run) => run.runId), { timeout: 20_000 })
    .toEqual([young.runId]);
  await retention.stop();
  expect(await shop.sql('select distinct ad_id from shop_history.ad_words_v1')).toHaveLength(10);
});
