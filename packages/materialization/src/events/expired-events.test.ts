import { systemClock } from '@larder/core';
import type { EntityManifest, EventSourceManifest } from '@larder/features';
import { pruneWindows, windowsAsServed } from '@larder/offline-store';
import { expect } from 'vitest';
import { test, type Shop } from '../../fixtures/shop.ts';
import { forgetEndedRuns } from '../runs/index.ts';
import { pushEvents } from './index.ts';

const DAY_MS = 86_400_000;

async function push(shop: Shop, id: string, daysAgo: number): Promise<void> {
  const { manifest } = shop.project;
  const { rejected } = await pushEvents(
    { offlineStore: shop.store, onlineStore: shop.onlineStore, clock: systemClock, logger: shop.logger },
    {
      manifest,
      source: 'ad_events',
      events: [
        {
          event_id: id,
          event_timestamp: new Date(Date.now() - daysAgo * DAY_MS).toISOString(),
          ad_id: 'ad-1',
          kind: 'impression',
          clicks: 1,
        },
      ],
    },
  );
  expect(rejected).toEqual([]);
}

test('events beyond their retention go by the month; windows that reach them are unknown, those of today as before', async ({
  shop,
}) => {
  for (const [at, days] of [100, 70, 69.5, 2, 0].entries()) await push(shop, `e${at}`, days);
  await forgetEndedRuns(shop.store, 'shop', { runsMs: 'forever', pushesMs: 0 });
  const times = () => shop.sql('select chunk_id from larder.kept_online_times order by 1');
  expect(await times()).toHaveLength(5);

  const { manifest } = shop.project;
  const source: EventSourceManifest = {
    ...(manifest.event_sources?.['ad_events'] as EventSourceManifest),
    retention_ms: 30 * DAY_MS,
  };
  const project = { ...manifest, event_sources: { ad_events: source } };
  const entity = manifest.entities['ad'] as EntityManifest;
  const clicksAt = async (at: Date) =>
    (
      await windowsAsServed(
        shop.store,
        { project, entity, view: shop.view('ad_windows@1') },
        { keys: [{ ad_id: 'ad-1' }], at },
      )
    )[0]?.['clicks_7d'] ?? null;
  const ago = (days: number) => new Date(Date.now() - days * DAY_MS);
  const now = new Date();
  expect(await clicksAt(now)).toBe(2);

  const pruned = await pruneWindows(shop.store, 'shop', source);
  expect(pruned.partitions.length).toBeGreaterThan(0);
  expect(await shop.sql(`select event_id from shop_history.ad_events_events order by 1`)).toEqual([
    { event_id: 'e3' },
    { event_id: 'e4' },
  ]);
  expect(await times()).toHaveLength(2);
  expect(await clicksAt(now)).toBe(2);
  // never 0, which would say that nothing happened
  expect(await clicksAt(ago(69))).toBeNull();
  expect(await clicksAt(ago(29))).toBeNull();
  expect((await pruneWindows(shop.store, 'shop', source)).partitions).toEqual([]);

  // a late event of a dropped month
  await push(shop, 'e9', 70);
  expect(await clicksAt(ago(69))).toBeNull();
});
