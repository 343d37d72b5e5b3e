import { systemClock } from '@larder/core';
import { expect } from 'vitest';
import { test, type Shop } from '../../fixtures/shop.ts';
import {
  claimChunk,
  claimRunToPlan,
  createBackfill,
  dispatchChunks,
  expireLeases,
  savePlan,
} from '../runs/index.ts';
import { ERASED_BOUNDS } from '../erasure/erase-queued-work.ts';
import { pushEvents } from './index.ts';

/** A build whose chunk crashed its worker this many times. */
async function lostBuild(shop: Shop, bounds: unknown, losses: number): Promise<string> {
  const { project, store } = shop;
  const { name, version, fingerprint } = shop.view('ad_windows@1');
  const views = [{ view: name, version, fingerprint }];
  const { runId } = await createBackfill(store, {
    manifest: project.manifest,
    view: name,
    scope: { all: true },
  });
  const run = await claimRunToPlan(store, { project: 'shop', views, leaseMs: 10_000 });
  if (run?.runId !== runId) throw new Error('Another run was queued.');
  await savePlan(store, run, [{ bounds, rows: 1 }]);
  for (let lost = 0; lost < losses; lost++) {
    const [attempt] = await dispatchChunks(store, { project: 'shop', views, dispatcher: 'w', slots: 1 });
    if (!attempt) throw new Error('Nothing was dispatched.');
    await claimChunk(store, attempt, { worker: 'w', leaseMs: 0 });
    await expect
      .poll(() => expireLeases(store, { project: 'shop', backoffMs: 0 }), { timeout: 60_000, interval: 5 })
      .toMatchObject([{ state: 'pending' }]);
  }
  return runId;
}

test('a build whose worker was killed twice is done by the next', async ({ shop }) => {
  const event = {
    event_id: 'e',
    event_timestamp: new Date().toISOString(),
    ad_id: 'ad-built',
    kind: 'impression',
    clicks: 1,
  };
  await pushEvents(
    { offlineStore: shop.store, onlineStore: shop.onlineStore, clock: systemClock, logger: shop.logger },
    { manifest: shop.project.manifest, source: 'ad_events', events: [event] },
  );
  const runId = await lostBuild(shop, { kind: 'tiles', from: 'ad-built', to: 'ad-built' }, 2);
  const worker = shop.materializer();
  expect(await shop.ended(runId)).toMatchObject({ status: 'succeeded', rows: { done: 1, failed: 0 } });
  await worker.stop({ deadlineMs: 1_000 });
  expect(
    await shop.sql(`select failures, error_code from larder.chunks where run_id = '${runId}'`),
  ).toMatchObject([{ failures: 2 }]);
});

test('a build whose limit was erased since says so', async ({ shop }) => {
  const runId = await lostBuild(shop, ERASED_BOUNDS, 0);
  const worker = shop.materializer();
  await shop.ended(runId);
  await worker.stop({ deadlineMs: 1_000 });
  expect(await shop.sql(`select error_code from larder.chunks where run_id = '${runId}'`)).toEqual([
    { error_code: 'ENTITY_ERASED' },
  ]);
});
