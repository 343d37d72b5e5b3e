import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { picturePath, type AdDesign } from './catalogue/ad-design.ts';
import { demoAds } from './catalogue/demo-ads.ts';
import { startFeed, type Feed } from './feed.ts';
import { badPicture, type BadPicture } from './pictures/bad-pictures.ts';
import { drawPictures } from './pictures/draw-pictures.ts';

const good = demoAds().slice(0, 6);
const bad = demoAds().filter(({ adId }) => badPicture(adId) !== null);
let folder: string;
let feed: Feed;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'larder-feed-'));
  await drawPictures({ folder, ads: [...good, ...bad] });
  feed = await startFeed({ folder });
});

afterAll(async () => {
  await feed.close();
  await rm(folder, { recursive: true });
});

test('serves every picture with its content type', async () => {
  for (const ad of good) {
    const response = await fetchPicture(ad);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe(`image/${ad.format}`);
    const { width, height } = await sharp(await response.arrayBuffer()).metadata();
    expect({ width, height }).toEqual({ width: ad.width, height: ad.height });
  }
});

test('one picture is missing, one cut off, one too large', async () => {
  const missing = await fetchPicture(badAd('missing'));
  expect(missing.status).toBe(404);
  await missing.body?.cancel();
  const truncated = await (await fetchPicture(badAd('truncated'))).arrayBuffer();
  await expect(sharp(truncated, { failOn: 'error' }).raw().toBuffer()).rejects.toThrow(/premature end/i);
  const { width, height } = await sharp(await (await fetchPicture(badAd('huge'))).arrayBuffer()).metadata();
  expect(width * height).toBe(40_000_000);
});

test('comes back on the port of last time, or on a free one when that is taken', async () => {
  const elsewhere = await startFeed({ folder });
  expect(elsewhere.url).not.toBe(feed.url);
  await elsewhere.close();
  const again = await startFeed({ folder });
  expect(again.url).toBe(elsewhere.url);
  await again.close();
});

async function fetchPicture(ad: AdDesign): Promise<Response> {
  return fetch(`${feed.url}/${picturePath(ad)}`);
}

function badAd(kind: BadPicture): AdDesign {
  const found = bad.find(({ adId }) => badPicture(adId) === kind);
  if (!found) throw new Error(`No ad has a ${kind} picture.`);
  return found;
}
