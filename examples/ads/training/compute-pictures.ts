import { join } from 'node:path';
import { createLogger } from '@larder/core';
import adsProject, { adImage } from '../larder.config.ts';
import { picturePath, type AdDesign } from '../src/catalogue/ad-design.ts';
import { startFeed } from '../src/feed.ts';
import { drawPictures } from '../src/pictures/draw-pictures.ts';

/** The features of `ad_image`. */
export type PictureFeatures = Readonly<Record<string, unknown>>;

const BATCH = 32;
const ROOT = join(import.meta.dirname, '..');

/** Draws the ads' pictures and computes `ad_image` by its own descriptor, over HTTP, as a worker does. */
export async function computePictures(
  ads: readonly AdDesign[],
  options: {
    readonly folder: string;
    readonly onProgress?: (stage: string, done: number, total: number) => void;
  },
): Promise<Map<string, PictureFeatures>> {
  const { folder, onProgress } = options;
  if (adImage.compute === null) throw new Error('ad_image has no computation.');
  await drawPictures({ folder, ads, onProgress: (done, total) => onProgress?.('drawing', done, total) });
  const feed = await startFeed({ folder });
  const module = await adImage.compute.load();
  const computation = await module.createComputation({
    options: adImage.compute.options,
    artifactPaths: Object.fromEntries(
      Object.entries(adImage.compute.artifacts).map(([name, { path }]) => [name, join(ROOT, path)]),
    ),
    allowedHosts: adsProject.allowedHosts,
    logger: createLogger('training', { level: 'warn' }),
  });
  const features = new Map<string, PictureFeatures>();
  try {
    for (let start = 0; start < ads.length; start += BATCH) {
      const batch = ads.slice(start, start + BATCH);
      const rows = batch.map((ad) => ({ ad_id: ad.adId, image_url: `${feed.url}/${picturePath(ad)}` }));
      const outcomes = await computation.compute(rows, new AbortController().signal);
      outcomes.forEach((outcome, at) => {
        const { adId } = batch[at] as AdDesign;
        if ('failure' in outcome) throw new Error(`${adId}: ${outcome.failure.reason}`);
        features.set(adId, outcome.values);
      });
      onProgress?.('computing', features.size, ads.length);
    }
  } finally {
    await computation.close();
    await feed.close();
  }
  return features;
}
