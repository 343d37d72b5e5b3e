import { systemClock } from '@larder/core';
import type { Shop } from '@larder/materialization/fixtures';
import { pushEvents } from '@larder/materialization/events';
import { applyManifest } from '@larder/registry';
import { describe, expect } from 'vitest';
import { test } from '../fixtures/shop-worker.ts';

const ADS = 160;
const PATIENCE = { timeout: 150_000, interval: 20 };

async function push(shop: Shop, clicks: number): Promise<void> {
  const event_timestamp = new Date().toISOString();
  const events = Array.from({ length: ADS }, (_, at) => ({
    event_id: `${clicks} ${at}`,
    event_timestamp,
    ad_id: `ad-${at}`,
    kind: 'click',
    clicks,
  }));
  const { online } = await pushEvents(
    { offlineStore: shop.store, onlineStore: shop.onlineStore, clock: systemClock, logger: shop.logger },
    { manifest: shop.project.manifest, source: 'ad_events', events },
  );
  expect(online).toBe(true);
}

describe('a worker killed while it computes from windows', () => {
  test('leaves chunks that have the windows of their run when they are done again', async ({
    shop,
    startWorker,
  }) => {
    await applyManifest(shop.store, shop.project.manifest, { actor: 'test' });
    await push(shop, 1);
    const runId = await shop.backfill('ad_pace@1');
    await push(shop, 100);
    const landed = async () =>
      (await shop.sql<{ rows: number }>('select count(*)::integer as rows from shop_history.ad_pace_v1'))[0]
        ?.rows ?? 0;
    const victim = await startWorker();
    await expect.poll(landed, PATIENCE).toBeGreaterThan(0);
    victim.kill('SIGKILL');
    await victim.exited();
    await push(shop, 10_000);
    expect(await landed()).toBeLessThan(ADS);
    await startWorker();
    expect(await shop.ended(runId)).toMatchObject({
      status: 'succeeded',
      rows: { total: ADS, done: ADS, failed: 0 },
    });
    expect(
      await shop.sql(`
        select count(*)::integer as rows, min(pace) as least, max(pace) as most,
          bool_and(date_trunc('milliseconds', r.created_at) = h.event_timestamp) as of_the_run
        from shop_history.ad_pace_v1 h, larder.runs r where r.run_id = '${runId}'`),
    ).toEqual([{ rows: ADS, least: 1_000, most: 1_000, of_the_run: true }]);
  });
});
