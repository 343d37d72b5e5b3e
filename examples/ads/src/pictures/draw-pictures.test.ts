import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, expect, test } from 'vitest';
import { picturePath, type AdDesign } from '../catalogue/ad-design.ts';
import { demoAds } from '../catalogue/demo-ads.ts';
import { drawPictures, readPictureIndex } from './draw-pictures.ts';

const folders: string[] = [];

afterEach(async () => {
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true })));
});

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'larder-pictures-'));
  folders.push(folder);
  return folder;
}

const ads = demoAds().slice(0, 8);

test('the same designs give the same bytes, and a second run draws nothing', async () => {
  const [first, second] = [await newFolder(), await newFolder()];
  const progress: number[] = [];
  expect(await drawPictures({ folder: first, ads, onProgress: (done) => progress.push(done) })).toEqual({
    drawn: 8,
    total: 8,
  });
  expect(progress).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  await drawPictures({ folder: second, ads });
  for (const ad of ads) {
    expect(await readFile(join(first, picturePath(ad)))).toEqual(
      await readFile(join(second, picturePath(ad))),
    );
  }
  expect(await drawPictures({ folder: first, ads })).toEqual({ drawn: 0, total: 8 });
});

test('pictures have the size, format and profile of their design, and their texts lie inside', async () => {
  const folder = await newFolder();
  const varied = [...firstOfEach(({ format }) => format), ...firstOfEach(({ profile }) => profile)];
  await drawPictures({ folder, ads: varied });
  for (const ad of varied) {
    const metadata = await sharp(join(folder, picturePath(ad))).metadata();
    expect(metadata).toMatchObject({ width: ad.width, height: ad.height, format: ad.format });
    expect(metadata.icc !== undefined).toBe(ad.profile !== 'none');
  }
  const index = await readPictureIndex(folder);
  for (const { width, height, texts } of index?.pictures ?? []) {
    expect(texts.length).toBeGreaterThan(1);
    for (const { box } of texts) {
      expect(box[0]).toBeGreaterThanOrEqual(-1);
      expect(box[0] + box[2]).toBeLessThanOrEqual(width + 1);
      expect(box[1] + box[3]).toBeLessThanOrEqual(height + 1);
    }
  }
});

test('other designs replace the old pictures', async () => {
  const folder = await newFolder();
  await drawPictures({ folder, ads: ads.slice(0, 3) });
  await drawPictures({ folder, ads: ads.slice(2, 4) });
  expect(await readdir(join(folder, 'creatives'))).toEqual(
    ads
      .slice(2, 4)
      .map((ad) => picturePath(ad).replace('creatives/', ''))
      .toSorted(),
  );
});

function firstOfEach(key: (ad: AdDesign) => string): AdDesign[] {
  return [
    ...new Map(
      demoAds()
        .slice(0, 40)
        .map((ad) => [key(ad), ad]),
    ).values(),
  ];
}
