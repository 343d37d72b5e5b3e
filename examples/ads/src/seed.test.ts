import type { FeatureView } from '@larder/features';
import { test } from '@larder/testing';
import pg from 'pg';
import { expect } from 'vitest';
import { adImage, adStats } from '../larder.config.ts';
import { demoAds } from './catalogue/demo-ads.ts';
import { seedAds } from './seed.ts';
import { DAY_MS, simulateWeek } from './simulation/audience.ts';

const ads = demoAds().slice(0, 12);
const today = new Date(Math.floor(Date.now() / DAY_MS) * DAY_MS);

test('a second seed changes nothing, another feed address changes every picture', async ({ database }) => {
  const seed = (feedUrl: string) => seedAds({ databaseUrl: database.url, feedUrl, ads });
  expect(await seed('http://127.0.0.1:1')).toMatchObject({ ads: 12, changedAds: 12 });
  const before = await query(database.url, adImage);
  expect(await seed('http://127.0.0.1:1')).toEqual({ ads: 12, changedAds: 0, adDays: 0 });
  expect(await query(database.url, adImage)).toEqual(before);
  expect(await seed('http://127.0.0.1:2')).toMatchObject({ changedAds: 12, adDays: 0 });
});

test('the SQL of ad_stats adds up the last seven days', async ({ database }) => {
  await seedAds({ databaseUrl: database.url, feedUrl: 'http://127.0.0.1:1', ads });
  const rows = await query(database.url, adStats);
  expect(rows).toHaveLength(ads.length);
  for (const ad of ads) {
    const days = simulateWeek(ad, today);
    const impressions = days.reduce((sum, day) => sum + day.impressions, 0);
    const clicks = days.reduce((sum, day) => sum + day.clicks, 0);
    expect(rows.find(({ ad_id }) => ad_id === ad.adId)).toEqual({
      ad_id: ad.adId,
      impressions: String(impressions),
      clicks: String(clicks),
      click_rate: impressions === 0 ? null : clicks / impressions,
      event_timestamp: today,
    });
  }
});

async function query(databaseUrl: string, { source }: FeatureView): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(source.manifest['query'] as string);
    return rows.toSorted((a, b) => String(a['ad_id']).localeCompare(String(b['ad_id'])));
  } finally {
    await client.end();
  }
}
