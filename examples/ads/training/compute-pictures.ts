import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { picturePath, type AdDesign } from '../src/catalogue/ad-design.ts';
import { startFeed } from '../src/feed.ts';
import { drawPictures } from '../src/pictures/draw-pictures.ts';
import type { PictureThreadData } from './picture-thread.ts';

/** The features of one picture by view, then by name. */
export type PictureFeatures = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Views that are computed from the picture. */
export const PICTURE_VIEWS = ['ad_image', 'ad_text'];

const BATCH = 16;

/** Draws the ads' pictures and computes `ad_image` and `ad_text` by their own descriptors, over HTTP, as workers do. */
export async function computePictures(
  ads: readonly AdDesign[],
  { folder }: { readonly folder: string },
): Promise<Map<string, PictureFeatures>> {
  await drawPictures({ folder, ads });
  const feed = await startFeed({ folder });
  const features = new Map<string, PictureFeatures>();
  const batches = Array.from({ length: Math.ceil(ads.length / BATCH) }, (_, at) =>
    ads.slice(at * BATCH, (at + 1) * BATCH),
  ).values();
  const work = async (): Promise<void> => {
    const workerData: PictureThreadData = { views: PICTURE_VIEWS };
    const thread = new Worker(new URL('./picture-thread.ts', import.meta.url), { workerData });
    try {
      await once(thread, 'message');
      for (const batch of batches) {
        thread.postMessage(
          batch.map((ad) => ({ ad_id: ad.adId, image_url: `${feed.url}/${picturePath(ad)}` })),
        );
        const [computed] = (await once(thread, 'message')) as [PictureFeatures[]];
        computed.forEach((values, at) => features.set((batch[at] as AdDesign).adId, values));
      }
    } finally {
      await thread.terminate();
    }
  };
  try {
    // One more than cores: each waits now and then for the decoder process.
    await Promise.all(Array.from({ length: availableParallelism() + 1 }, work));
  } finally {
    await feed.close();
  }
  return features;
}
