import type { SourceDescriptor } from '@larder/features';
import { test } from '@larder/testing';
import pg from 'pg';
import { expect } from 'vitest';
import { adEvents, adImage } from '../larder.config.ts';
import { demoAds } from './catalogue/demo-ads.ts';
import { seedAds } from './seed.ts';
import { DAY_MS, simulateWeek } from './simulation/audience.ts';

const ads = demoAds().slice(0, 12);
const today = new Date(Math.floor(Date.now() / DAY_MS) * DAY_MS);

test('a second seed changes nothing, another feed address changes every picture', async ({ database }) => {
  const seed = (feedUrl: string) => seedAds({ databaseUrl: database.url, feedUrl, ads });
  expect(await seed('http://127.0.0.1:1')).toMatchObject({ ads: 12, changedAds: 12 });
  const before = await query(database.url, adImage.source);
  expect(await seed('http://127.0.0.1:1')).toEqual({ ads: 12, changedAds: 0, adDays: 0 });
  expect(await query(database.url, adImage.source)).toEqual(before);
  expect(await seed('http://127.0.0.1:2')).toMatchObject({ changedAds: 12, adDays: 0 });
});

test('the past of ad_events has each full day once, known when it is over', async ({ database }) => {
  await seedAds({ databaseUrl: database.url, feedUrl: 'http://127.0.0.1:1', ads });
  const rows = await query(database.url, adEvents.backfill);
  const days = ads.flatMap((ad) => simulateWeek(ad, today).map((day) => ({ adId: ad.adId, day })));
  expect(days.length).toBeGreaterThan(ads.length);
  expect(rows).toHaveLength(days.length);
  for (const {
    adId,
    day: { day, impressions, clicks },
  } of days) {
    expect(rows).toContainEqual({
      event_id: `${adId}/${day.toISOString().slice(0, 10)}`,
      ad_id: adId,
      impressions,
      clicks,
      event_timestamp: day,
      known_at: new Date(day.getTime() + DAY_MS),
    });
  }
});

async function query(
  databaseUrl: string,
  source: SourceDescriptor | null,
): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: databaseUrl, options: '-c TimeZone=UTC' });
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(source?.manifest['query'] as string);
    return rows.toSorted((a, b) => String(a['ad_id']).localeCompare(String(b['ad_id'])));
  } finally {
    await client.end();
  }
}
