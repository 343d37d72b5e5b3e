import { createBackfill } from '@larder/materialization/runs';
import { expect, vi } from 'vitest';
import { test } from '../fixtures/shop-worker.ts';

test('the log records when a run starts and ends, with its rows and duration, and nothing about its chunks', async ({
  shop,
  startWorker,
}) => {
  await shop.seedAds(100, (at) => (at === 7 ? 'poison' : 'two words'));
  const worker = await startWorker();
  const { runId } = await createBackfill(shop.store, {
    manifest: shop.project.manifest,
    view: 'ad_words',
    scope: { all: true },
  });
  await shop.ended(runId);
  const lines = (): Record<string, unknown>[] =>
    worker
      .output()
      .split('\n')
      .filter((line) => line.includes(runId))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  await vi.waitFor(() => expect(lines()).toHaveLength(2), { timeout: 60_000 });
  expect(lines()).toMatchObject([
    { msg: 'A run started', view: 'ad_words@1', chunks: 5, rows: 100 },
    {
      msg: 'A run ended',
      view: 'ad_words@1',
      status: 'partial',
      rowsDone: 99,
      rowsFailed: 1,
      rowsSkipped: 0,
    },
  ]);
  const run = await shop.ended(runId);
  const tookMs = (run.finishedAt?.getTime() ?? 0) - (run.startedAt?.getTime() ?? 0);
  expect(lines()[1]?.['seconds']).toBeCloseTo(tookMs / 1_000, 0);
});
