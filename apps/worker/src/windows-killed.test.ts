import { systemClock } from '@larder/core';
import { compileValueReader, connectRedis } from '@larder/online-store';
import { pushEvents } from '@larder/materialization/events';
import type { Shop } from '@larder/materialization/fixtures';
import { applyManifest } from '@larder/registry';
import { describe, expect, onTestFinished } from 'vitest';
import { test } from '../fixtures/shop-worker.ts';

const VIEW = 'ad_windows@1';
const PATIENCE = { timeout: 150_000, interval: 20 };
/** More than one chunk of a build. */
const ADS = Array.from({ length: 700 }, (_, at) => `ad-${at}`);

async function push(shop: Shop, events: readonly Readonly<Record<string, unknown>>[]): Promise<void> {
  const { online } = await pushEvents(
    { offlineStore: shop.store, onlineStore: shop.onlineStore, clock: systemClock, logger: shop.logger },
    { manifest: shop.project.manifest, source: 'ad_events', events },
  );
  expect(online).toBe(true);
}

const event = (id: string, ad: string, clicks: number) => ({
  event_id: id,
  event_timestamp: new Date().toISOString(),
  ad_id: ad,
  kind: 'impression',
  clicks,
});

/** The windows in Redis; null: there are none. */
async function windowsOf(shop: Shop, ad: string): Promise<Record<string, number> | null> {
  const found = await shop.onlineStore.inspect('ad', ad);
  const field = found?.fields.find(({ viewRef }) => viewRef === VIEW);
  if (field === undefined) return null;
  const names = ['clicks_1h', 'shown_1h'];
  const values = compileValueReader(shop.view(VIEW), names).read(field.row, Date.now());
  return Object.fromEntries(names.map((name, at) => [name, values[at] as number]));
}

describe('windows and workers', () => {
  test('a worker killed while it builds tiles leaves none half built; the next one builds them', async ({
    shop,
    startWorker,
  }) => {
    await applyManifest(shop.store, shop.project.manifest, { actor: 'test' });
    await push(
      shop,
      ADS.map((ad) => event(`first ${ad}`, ad, 3)),
    );
    const redis = connectRedis(shop.redisUrl, { role: 'worker' });
    onTestFinished(() => redis.disconnect());
    await redis.flushall();
    await shop.sql('truncate shop_history.ad_windows_v1_tiles');
    const client = await shop.silentSession();
    // Whoever changes tiles waits for it, in the middle of its transaction.
    await client.query(`begin; select pg_advisory_xact_lock(
      hashtextextended('larder:tiles:shop_history.ad_windows_v1_tiles:' || 31, 0))`);

    const runId = await shop.backfill(VIEW);
    const victim = await startWorker();
    const waiting = () =>
      shop.sql(`select 1 from pg_locks where locktype = 'advisory' and not granted
        and database = (select oid from pg_database where datname = current_database()) limit 1`);
    await expect.poll(waiting, PATIENCE).toHaveLength(1);
    victim.kill('SIGKILL');
    await victim.exited();
    await client.query('commit');
    await expect.poll(waiting, PATIENCE).toEqual([]);
    expect(await shop.sql('select count(*)::integer as tiles from shop_history.ad_windows_v1_tiles')).toEqual(
      [{ tiles: 0 }],
    );
    expect(await windowsOf(shop, 'ad-0')).toBeNull();
    await push(shop, [event('between', 'ad-7', 100)]);

    await startWorker();
    expect(await shop.ended(runId)).toMatchObject({
      status: 'succeeded',
      rows: { done: ADS.length, failed: 0 },
    });
    for (const ad of ['ad-0', 'ad-350', 'ad-699'])
      expect(await windowsOf(shop, ad)).toEqual({ clicks_1h: 3, shown_1h: 1 });
    expect(await windowsOf(shop, 'ad-7')).toEqual({ clicks_1h: 103, shown_1h: 2 });
    await push(shop, [event('after', 'ad-0', 10)]);
    expect(await windowsOf(shop, 'ad-0')).toEqual({ clicks_1h: 13, shown_1h: 2 });
  });
});
