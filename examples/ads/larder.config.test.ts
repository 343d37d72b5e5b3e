import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '@larder/core';
import { loadProject } from '@larder/features';
import { expect, test } from 'vitest';
import { picturePath } from './src/catalogue/ad-design.ts';
import { demoAds } from './src/catalogue/demo-ads.ts';
import { startFeed } from './src/feed.ts';
import { badPicture } from './src/pictures/bad-pictures.ts';
import { drawPictures } from './src/pictures/draw-pictures.ts';

test('ad_image computes good pictures and fails the three bad ones, each with its reason', async () => {
  const project = await loadProject(join(import.meta.dirname, 'larder.config.ts'));
  expect(Object.keys(project.manifest.feature_views)).toEqual([
    'ad_image@1',
    'ad_scores@1',
    'ad_stats@1',
    'ad_text@1',
  ]);
  const compute = project.featureViews.get('ad_image@1')?.compute;
  if (!compute) throw new Error('ad_image has no computation.');
  const ads = demoAds().filter(({ adId }) => badPicture(adId) !== null || adId === 'ad-1');
  const folder = await mkdtemp(join(tmpdir(), 'larder-ads-'));
  await drawPictures({ folder, ads });
  const feed = await startFeed({ folder });
  const module = await compute.load();
  const computation = await module.createComputation({
    options: compute.options,
    artifactPaths: { encoder: join(project.root, 'models/encoder') },
    allowedHosts: project.manifest.allowed_hosts,
    logger: createLogger('test', { level: 'silent' }),
  });
  try {
    const rows = ads.map((ad) => ({ ad_id: ad.adId, image_url: `${feed.url}/${picturePath(ad)}` }));
    const outcomes = await computation.compute(rows, new AbortController().signal);
    const told = outcomes.map((outcome, at) => [
      ads[at]?.adId,
      'failure' in outcome ? outcome.failure.code : Object.keys(outcome.values),
    ]);
    expect(Object.fromEntries(told)).toEqual({
      'ad-1': ['embedding', 'brightness', 'colourfulness'],
      'ad-73': 'PICTURE_NOT_FOUND',
      'ad-128': 'PICTURE_UNREADABLE',
      'ad-187': 'PICTURE_TOO_LARGE',
    });
  } finally {
    await computation.close();
    await feed.close();
    await rm(folder, { recursive: true });
  }
});
