import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { picturePath, type AdDesign } from '../catalogue/ad-design.ts';
import { demoAds } from '../catalogue/demo-ads.ts';
import { badPicture, drawBadPicture } from './bad-pictures.ts';
import { drawPicture } from './draw-picture.ts';
import { registerFonts } from './fonts.ts';
import type { DrawnText } from './sheet.ts';
import { writeAtomically } from './write-atomically.ts';

export interface DrawPicturesOptions {
  /** Folder for `creatives/` with the pictures and `index.json` with their texts. */
  readonly folder: string;
  /** @default the demo's ads */
  readonly ads?: readonly AdDesign[];
  readonly onProgress?: (done: number, total: number) => void;
}

export interface PictureIndex {
  /** Hash of the generator's source, its libraries and the designs: equal stamps mean equal pictures. */
  readonly stamp: string;
  readonly pictures: readonly IndexedPicture[];
}

/** One picture and the texts on it, the ground truth for reading them back. */
export interface IndexedPicture {
  readonly ad_id: string;
  /** Path below the folder, and below the feed's address. */
  readonly path: string;
  readonly width: number;
  readonly height: number;
  readonly texts: readonly DrawnText[];
}

/** Encoding happens in threads of libuv while the next picture is drawn. */
const PICTURES_AT_ONCE = 6;

/** Draws the pictures of all ads into a folder, or nothing when the folder already holds exactly them. */
export async function drawPictures(options: DrawPicturesOptions): Promise<{ drawn: number; total: number }> {
  const ads = options.ads ?? demoAds();
  const indexPath = join(options.folder, 'index.json');
  const stamp = await stampOf(ads);
  if ((await readPictureIndex(options.folder))?.stamp === stamp) return { drawn: 0, total: ads.length };

  registerFonts();
  await mkdir(join(options.folder, 'creatives'), { recursive: true });
  const pictures: IndexedPicture[] = [];
  const waiting = ads.entries();
  let done = 0;
  const drawNext = async (): Promise<void> => {
    for (const [at, design] of waiting) {
      pictures[at] = await writePicture(options.folder, design);
      done += 1;
      options.onProgress?.(done, ads.length);
    }
  };
  await Promise.all(Array.from({ length: PICTURES_AT_ONCE }, drawNext));
  await removeOthers(options.folder, pictures);
  await writeAtomically(indexPath, `${JSON.stringify({ stamp, pictures } satisfies PictureIndex)}\n`);
  return { drawn: ads.length, total: ads.length };
}

/** The last output of `drawPictures`; null before it has finished once. */
export async function readPictureIndex(folder: string): Promise<PictureIndex | null> {
  const text = await readFile(join(folder, 'index.json'), 'utf8').catch(() => null);
  return text === null ? null : (JSON.parse(text) as PictureIndex);
}

async function writePicture(folder: string, design: AdDesign): Promise<IndexedPicture> {
  const bad = badPicture(design.adId);
  const picture = bad ? await drawBadPicture(design, bad) : await drawPicture(design);
  const path = picturePath(design);
  if (picture) await writeAtomically(join(folder, path), picture.bytes);
  return {
    ad_id: design.adId,
    path,
    width: design.width,
    height: design.height,
    texts: picture?.texts ?? [],
  };
}

async function removeOthers(folder: string, pictures: readonly IndexedPicture[]): Promise<void> {
  const wanted = new Set(pictures.map(({ path }) => path));
  for (const name of await readdir(join(folder, 'creatives'))) {
    if (!wanted.has(`creatives/${name}`)) await rm(join(folder, 'creatives', name), { force: true });
  }
}

async function stampOf(ads: readonly AdDesign[]): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(ads));
  const sources = join(import.meta.dirname, '..');
  for (const file of ['random.ts', ...(await sourcesBelow(sources, 'pictures'))]) {
    hash.update(await readFile(join(sources, file)));
  }
  // It pins the versions of the libraries that draw and encode.
  hash.update(await readFile(join(sources, '../package.json')));
  return hash.digest('hex');
}

async function sourcesBelow(root: string, folder: string): Promise<string[]> {
  const entries = await readdir(join(root, folder), { recursive: true });
  return entries
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .toSorted()
    .map((name) => join(folder, name));
}
