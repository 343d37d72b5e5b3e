import sharp, { type Sharp } from 'sharp';
import { describe, expect, test } from 'vitest';
import { decodePicture, type DecodePictureOptions } from './decode-picture.ts';

const SHAPE = { width: 8, height: 8, fit: 'fill' } as const;
const OPTIONS = { shape: SHAPE, maxPixels: 1_000_000 } satisfies DecodePictureOptions;

const flat = (colour: string, side = 64): Sharp =>
  sharp({ create: { width: side, height: side, channels: 4, background: colour } });

/** Noise, so that no encoder makes the file so small that cutting it off cuts nothing. */
const noise = (): Sharp =>
  sharp({
    create: {
      width: 200,
      height: 200,
      channels: 3,
      background: '#888',
      noise: { type: 'gaussian', mean: 128, sigma: 40 },
    },
  });

const pixel = (rgb: Uint8Array, index = 0): number[] => [...rgb.subarray(3 * index, 3 * index + 3)];
const near = (...colour: number[]): unknown[] =>
  colour.map((value) => expect.toSatisfy((got: number) => Math.abs(got - value) <= 3));

describe('colours', () => {
  test.each([
    ['JPEG', flat('rgb(200,100,50)').jpeg({ quality: 100 })],
    ['PNG', flat('rgb(200,100,50)').png()],
    ['WebP', flat('rgb(200,100,50)').webp({ lossless: true })],
    ['GIF', flat('rgb(200,100,50)').gif()],
    ['AVIF', flat('rgb(200,100,50)').avif({ lossless: true })],
    ['16-bit PNG', flat('rgb(200,100,50)').toColourspace('rgb16').png()],
    ['JPEG with a colour profile', flat('rgb(200,100,50)').withIccProfile('srgb').jpeg({ quality: 100 })],
    ['palette PNG', flat('rgb(200,100,50)').png({ palette: true })],
  ])('%s', async (_, picture) => {
    const { rgb } = await decodePicture(await picture.toBuffer(), OPTIONS);
    expect(rgb).toHaveLength(8 * 8 * 3);
    expect(pixel(rgb, 30)).toEqual(near(200, 100, 50));
  });

  test('grey becomes three equal colours', async () => {
    const { rgb } = await decodePicture(
      await flat('rgb(90,90,90)').toColourspace('b-w').png().toBuffer(),
      OPTIONS,
    );
    expect(rgb).toHaveLength(8 * 8 * 3);
    expect(pixel(rgb)).toEqual(near(90, 90, 90));
  });

  test('CMYK becomes RGB', async () => {
    const { rgb } = await decodePicture(
      await flat('rgb(255,255,255)').toColourspace('cmyk').jpeg().toBuffer(),
      OPTIONS,
    );
    expect(rgb).toHaveLength(8 * 8 * 3);
    expect(pixel(rgb)).toEqual(near(255, 255, 255));
  });

  test('transparent pixels become white', async () => {
    const { rgb: half } = await decodePicture(await flat('rgba(0,0,0,0.5)').png().toBuffer(), OPTIONS);
    expect(pixel(half)).toEqual(near(127, 127, 127));
  });
});

test('a picture taken sideways is decoded upright', async () => {
  const leftRed = await flat('#fff')
    .composite([{ input: await flat('#f00').resize(32, 64).png().toBuffer(), left: 0, top: 0 }])
    .withMetadata({ orientation: 6 })
    .jpeg({ quality: 100, chromaSubsampling: '4:4:4' })
    .toBuffer();
  const { rgb } = await decodePicture(leftRed, OPTIONS);
  // Turned by 90 degrees clockwise, what was left is on top.
  expect(pixel(rgb, 7)).toEqual(near(255, 0, 0));
  expect(pixel(rgb, 63)).toEqual(near(255, 255, 255));
});

test('contain adds white borders to a wide picture', async () => {
  const wide = await flat('#00f').resize(128, 32, { fit: 'fill' }).png().toBuffer();
  const { rgb } = await decodePicture(wide, { ...OPTIONS, shape: { ...SHAPE, fit: 'contain' } });
  expect([pixel(rgb, 0), pixel(rgb, 3 * 8 + 4)]).toEqual([near(255, 255, 255), near(0, 0, 255)]);
});

describe('refuses', () => {
  test.each([
    ['a JPEG that is cut off', () => noise().jpeg().toBuffer()],
    ['a PNG that is cut off', () => noise().png().toBuffer()],
    ['a WebP that is cut off', () => noise().webp().toBuffer()],
    ['a GIF that is cut off', () => noise().gif().toBuffer()],
    ['an AVIF that is cut off', () => noise().avif().toBuffer()],
  ])('%s', async (_, encode) => {
    const whole = await encode();
    await expect(decodePicture(whole, OPTIONS)).resolves.toMatchObject({ width: 8, height: 8 });
    await expect(decodePicture(whole.subarray(0, whole.length >> 1), OPTIONS)).rejects.toMatchObject({
      code: 'PICTURE_UNREADABLE',
      message: expect.stringMatching(/^The picture is damaged or cut off \(.+\); upload it again\.$/),
    });
  });

  test('more pixels than allowed, saying how many there are', async () => {
    const large = await flat('#fff', 1_200).png().toBuffer();
    await expect(decodePicture(large, OPTIONS)).rejects.toMatchObject({
      code: 'PICTURE_TOO_LARGE',
      message: expect.stringContaining('1200 × 1200 = 1.4 megapixels; at most 1 megapixels are allowed'),
    });
  });

  test.each([
    ['a web page', '<!doctype html><title>404</title>'],
    ['an SVG, which could read files', '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'],
    ['a PDF', '%PDF-1.7'],
  ])('%s', async (name, text) => {
    await expect(decodePicture(Buffer.from(text), OPTIONS)).rejects.toMatchObject({
      code: 'PICTURE_FORMAT_UNSUPPORTED',
      message: expect.stringContaining(name.split(',', 1)[0] as string),
    });
  });

  test('an empty file', async () => {
    await expect(decodePicture(Buffer.of(), OPTIONS)).rejects.toMatchObject({ code: 'PICTURE_UNREADABLE' });
  });

  test('a header without a picture after it', async () => {
    await expect(decodePicture(Buffer.from('\xff\xd8\xff', 'latin1'), OPTIONS)).rejects.toMatchObject({
      code: 'PICTURE_UNREADABLE',
    });
  });
});
