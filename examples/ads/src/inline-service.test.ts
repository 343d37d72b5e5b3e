import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadModel } from '@larder/model-runtime';
import { test } from '@larder/testing';
import pg from 'pg';
import { expect } from 'vitest';
import { adCtr, adStats, moment, offer } from '../larder.config.ts';
import { computePictures } from '../training/compute-pictures.ts';
import { featureColumns, totalWidth, writeColumns } from '../training/feature-columns.ts';
import { demoAds } from './catalogue/demo-ads.ts';
import { startFeed } from './feed.ts';
import { badPicture } from './pictures/bad-pictures.ts';
import { seedAds } from './seed.ts';
import { startInlineService } from './inline-service.ts';

const ads = demoAds()
  .filter(({ adId }) => badPicture(adId) === null)
  .slice(0, 5);

test('the plain service predicts what the definitions do', { timeout: 180_000 }, async ({ database }) => {
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
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  const { source } = adStats;
  const { rows } = await client.query<Record<string, unknown>>(source.manifest['query'] as string);
  try {
    for (const { adId } of ads) {
      const fields = { requested_at: '2026-03-07T21:40:00Z', placement: 'story', bid: 2.4 };
      const body = JSON.stringify({ entities: { ad_id: adId }, request: fields });
      const answer = await fetch(service.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      });
      const { ctr } = (await answer.json()) as { ctr: number };

      const stats = rows.find(({ ad_id }) => ad_id === adId);
      const adStatsValues = {
        click_rate: stats?.['click_rate'],
        impressions: Number(stats?.['impressions']),
        clicks: Number(stats?.['clicks']),
      };
      const request = { ...fields, requested_at: new Date(fields.requested_at) };
      const row = new Float32Array(model.width);
      writeColumns(
        columns,
        {
          ...pictures.get(adId),
          ad_stats: adStatsValues,
          moment: moment.compute({ request, features: {} } as never),
          offer: offer.compute({ request, features: { ad_stats: adStatsValues } } as never),
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
    await Promise.all([client.end(), service.close(), feed.close(), model.close()]);
    await rm(folder, { recursive: true });
  }
});
