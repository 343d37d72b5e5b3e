import { claimChunk, claimRunToPlan, dispatchChunks, expireLeases, savePlan } from '../runs/index.ts';
import type { SourceBounds } from '@larder/sources';
import { describe, expect } from 'vitest';
import { test, type Shop } from '../../fixtures/shop.ts';
import { listFailures, type RunSummary } from '../runs/index.ts';

/** A run of `ad_words` whose first chunk crashed its worker this many times. */
async function lostRun(shop: Shop, bounds: SourceBounds, losses: number): Promise<string> {
  await shop.sql('truncate shop_history.ad_words_v1');
  const { name, version, fingerprint } = shop.view('ad_words@1');
  const views = [{ view: name, version, fingerprint }];
  const runId = await shop.backfill(name);
  const run = await claimRunToPlan(shop.store, { project: 'shop', views, leaseMs: 10_000 });
  if (run?.runId !== runId) throw new Error('Another run was queued.');
  await savePlan(shop.store, run, [{ bounds, rows: 60 }]);
  for (let lost = 0; lost < losses; lost++) {
    const [attempt] = await dispatchChunks(shop.store, { project: 'shop', views, dispatcher: 'w', slots: 1 });
    if (!attempt) throw new Error('Nothing was dispatched.');
    await claimChunk(shop.store, attempt, { worker: 'w', leaseMs: 0 });
    await expect
      .poll(() => expireLeases(shop.store, { project: 'shop', backoffMs: 0 }), {
        timeout: 60_000,
        interval: 5,
      })
      .toMatchObject([{ state: 'pending' }]);
  }
  return runId;
}

/** The run after a worker has finished it; the worker is stopped. */
async function endedBy(shop: Shop, runId: string): Promise<RunSummary> {
  const worker = shop.materializer();
  const run = await shop.ended(runId);
  await worker.stop({ deadlineMs: 1_000 });
  return run;
}

const chunksOf = (shop: Shop, runId: string) =>
  shop.sql<{ rows: number; failures: number }>(
    `select rows_total as rows, failures from larder.chunks where run_id = '${runId}' order by ordinal`,
  );
const ALL: SourceBounds = {
  kind: 'range',
  lower: ['ad-0000'],
  upper: ['ad-0059'],
  eventTime: null,
  maxRows: null,
};

describe('a chunk that crashed its worker', () => {
  test('once is retried unchanged', async ({ shop }) => {
    await shop.seedAds(60, () => 'two words');
    const runId = await lostRun(shop, ALL, 1);
    expect(await endedBy(shop, runId)).toMatchObject({ status: 'succeeded', rows: { total: 60, done: 60 } });
    expect(await chunksOf(shop, runId)).toEqual([{ rows: 60, failures: 1 }]);
    expect((await listFailures(shop.store, 'shop', runId)).failures).toEqual([]);
  });

  test('twice is split, and every row lands once', async ({ shop }) => {
    await shop.seedAds(60, (at) => (at === 25 ? 'poison' : 'two words'));
    const runId = await lostRun(shop, ALL, 2);
    expect(await endedBy(shop, runId)).toMatchObject({
      status: 'partial',
      rows: { total: 60, done: 59, failed: 1 },
    });
    expect(await chunksOf(shop, runId)).toEqual(Array.from({ length: 10 }, () => ({ rows: 6, failures: 1 })));
    expect((await listFailures(shop.store, 'shop', runId)).failures).toMatchObject([{ key: 'ad-0025' }]);
    expect(await shop.sql('select distinct ad_id from shop_history.ad_words_v1')).toHaveLength(59);
  });

  test('twice and has few rows is split down to single ones, and keeps its limit', async ({ shop }) => {
    await shop.seedAds(60, () => 'two words');
    const limited = await lostRun(shop, { ...ALL, maxRows: 3 }, 2);
    expect(await endedBy(shop, limited)).toMatchObject({ status: 'succeeded', rows: { total: 3, done: 3 } });
    expect(await chunksOf(shop, limited)).toHaveLength(3);
  });

  test('is split by the requested keys', async ({ shop }) => {
    await shop.seedAds(60, () => 'two words');
    const keys = Array.from({ length: 13 }, (_, at) => [`ad-00${at + 10}`]);
    const runId = await lostRun(shop, { kind: 'keys', keys: [...keys, ['ad-gone']] }, 2);
    expect(await endedBy(shop, runId)).toMatchObject({
      status: 'partial',
      rows: { total: 14, done: 13, failed: 1 },
    });
    expect((await chunksOf(shop, runId)).map(({ rows }) => rows)).toEqual([2, 2, 2, 2, 2, 2, 2]);
  });
});
