import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadModel } from '@larder/model-runtime';
import { test } from '@larder/testing';
import { expect } from 'vitest';
import { adCtr, moment, offer } from '../larder.config.ts';
import { computePictures } from '../training/compute-pictures.ts';
import { featureColumns, totalWidth, writeColumns } from '../training/feature-columns.ts';
import { demoAds } from './catalogue/demo-ads.ts';
import { startFeed } from './feed.ts';
import { badPicture } from './pictures/bad-pictures.ts';
import { seedAds } from './seed.ts';
import { startInlineService } from './inline-service.ts';
import { DAY_MS, simulateWeek } from './simulation/audience.ts';

const today = new Date(Math.floor(Date.now() / DAY_MS) * DAY_MS);
const ads = demoAds()
  .filter(({ adId }) => badPicture(adId) === null)
  .slice(0, 5);

test('the plain service predicts what the definitions do', async ({ database }) => {
  const folder = await mkdtemp(join(tmpdir(), 'larder-inline-'));
  const pictures = await computePictures(ads, { folder });
  const feed = await startFeed({ folder });
  await seedAds({ databaseUrl: database.url, feedUrl: feed.url, ads });
  const service = await startInlineService({ databaseUrl: database.url });
  const columns = featureColumns(adCtr);
  const model = await loadModel({
    artifactPath: join(import.meta.dirname, '..', adCtr.artifact.path),
    expectedFeatures: columns.map(({ ref }) => ref),
    width: totalWidth(columns),
    outputs: ['ctr'],
  });
  try {
    for (const ad of ads) {
      const { adId } = ad;
      const fields = { requested_at: '2026-03-07T21:40:00Z', placement: 'story', bid: 2.4 };
      const body = JSON.stringify({ entities: { ad_id: adId }, request: fields });
      const answer = await fetch(service.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      });
      const { ctr } = (await answer.json()) as { ctr: number };

      const week = simulateWeek(ad, today);
      const stats = {
        impressions_7d: week.reduce((sum, { impressions }) => sum + impressions, 0),
        clicks_7d: week.reduce((sum, { clicks }) => sum + clicks, 0),
      };
      const request = { ...fields, requested_at: new Date(fields.requested_at) };
      const row = new Float32Array(model.width);
      writeColumns(
        columns,
        {
          ...pictures.get(adId),
          ad_stats: stats,
          moment: moment.compute({ request, features: {} } as never),
          offer: offer.compute({ request, features: { ad_stats: stats } } as never),
        },
        row,
      );
      const scored = await model.run(row, 1);
      expect(ctr).toBeCloseTo(scored['ctr']?.[0] ?? Number.NaN, 5);
    }
    const unknown = await fetch(service.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ entities: { ad_id: 'ad-0' }, request: {} }),
    });
    expect(unknown.status).toBe(404);
  } finally {
    await Promise.all([service.close(), feed.close(), model.close()]);
    await rm(folder, { recursive: true });
  }
});
