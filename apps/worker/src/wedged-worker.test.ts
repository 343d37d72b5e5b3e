import { createBackfill } from '@larder/materialization/runs';
import { CONFIG_PATH } from '@larder/materialization/fixtures';
import { startRedisProxy } from '@larder/testing';
import { expect } from 'vitest';
import { test } from '../fixtures/shop-worker.ts';
import { startWorkerProcess } from '../fixtures/worker-process.ts';

test('a worker whose queue stays stuck ends with exit code 1', async ({ shop }) => {
  const proxy = await startRedisProxy(shop.redisUrl);
  proxy.silenceForever('larder-queue');
  await shop.seedAds(20, () => 'text');
  const { runId } = await createBackfill(shop.store, {
    manifest: shop.project.manifest,
    view: 'ad_words',
    scope: { all: true },
  });
  const worker = await startWorkerProcess({
    env: {
      LARDER_PROJECT: CONFIG_PATH,
      LARDER_DATABASE_URL: shop.databaseUrl,
      LARDER_REDIS_URL: shop.redisUrl,
      LARDER_QUEUE_REDIS_URL: proxy.url,
      LARDER_CONNECTION_SHOP_URL: shop.databaseUrl,
      LARDER_WORKER_SLOTS: '1',
    },
  });
  expect(await worker.exited()).toBe(1);
  expect(worker.output()).toContain('this process ends so that a fresh one starts');
  expect(worker.output().match(/its consumer is replaced/g)).toHaveLength(2);
  expect((await shop.sql(`select status from larder.runs where run_id = '${runId}'`))[0]).toEqual({
    status: 'running',
  });
  await proxy.close();
});
