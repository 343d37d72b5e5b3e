import sharp, { type JpegOptions, type Sharp } from 'sharp';
import { describe, expect, test } from 'vitest';
import { greyJpeg } from '../testing/grey-jpeg.ts';
import { decodePicture } from './decode-picture.ts';

/*
 * A JPEG that lost data in the middle still ends properly: decoders warn, and paint the rest grey. It is refused;
 * nothing that real encoders write is.
 */
const OPTIONS = { shape: { width: 8, height: 8, fit: 'fill' }, maxPixels: 1_000_000 } as const;
const UNREADABLE = { code: 'PICTURE_UNREADABLE', message: expect.stringContaining('Corrupt JPEG data') };

const photo = (width: number, height: number): Sharp =>
  sharp({
    create: {
      width,
      height,
      channels: 3,
      background: '#888',
      noise: { type: 'gaussian', mean: 128, sigma: 40 },
    },
  });

const ENCODINGS: [string, JpegOptions][] = [
  ['baseline', {}],
  ['of the best quality', { quality: 100, chromaSubsampling: '4:4:4' }],
  ['of the worst quality', { quality: 1 }],
  ['progressive', { progressive: true }],
  ['of mozjpeg', { mozjpeg: true }],
  ['baseline of mozjpeg', { mozjpeg: true, progressive: false }],
  ['with fixed Huffman tables', { optimiseCoding: false }],
];

/** The JPEG without the bytes between two fractions of its pixel data. */
function without(jpeg: Buffer, from: number, to: number): Buffer {
  const scan = jpeg.lastIndexOf(Buffer.of(0xff, 0xda));
  const start = scan + 2 + jpeg.readUInt16BE(scan + 2);
  const at = (share: number): number => start + Math.floor(share * (jpeg.length - 2 - start));
  return Buffer.concat([jpeg.subarray(0, at(from)), jpeg.subarray(at(to))]);
}

describe.each(ENCODINGS)('a JPEG %s', (_, encoding) => {
  test.each([
    [1, 1],
    [7, 13],
    [200, 200],
    [333, 77],
  ])('of %i × %i pixels is decoded', async (width, height) => {
    for (const picture of [
      photo(width, height),
      photo(width, height).greyscale(),
      photo(width, height).toColourspace('cmyk'),
    ]) {
      const jpeg = await picture.jpeg(encoding).toBuffer();
      await expect(decodePicture(jpeg, OPTIONS)).resolves.toMatchObject({ width: 8, height: 8 });
    }
  });

  test.each([
    ['its second half', 0.5, 1],
    ['its middle', 0.25, 0.75],
    ['all', 0, 1],
  ])('without %s is refused', async (_part, from, to) => {
    const jpeg = without(await photo(200, 200).jpeg(encoding).toBuffer(), from, to);
    await expect(decodePicture(jpeg, OPTIONS)).rejects.toMatchObject(UNREADABLE);
  });
});

describe('a JPEG that ends properly after some of its scans', () => {
  test.each<[string, JpegOptions]>([
    ['progressive', { progressive: true }],
    ['of mozjpeg', { mozjpeg: true }],
  ])('%s, is refused', async (_, encoding) => {
    const jpeg = await photo(200, 200).jpeg(encoding).toBuffer();
    const marker = Buffer.of(0xff, 0xda);
    const first = jpeg.indexOf(marker);
    expect(jpeg.lastIndexOf(marker)).toBeGreaterThan(first);
    for (let at = jpeg.indexOf(marker, first + 1); at >= 0; at = jpeg.indexOf(marker, at + 1)) {
      const shortened = Buffer.concat([jpeg.subarray(0, at), jpeg.subarray(-2)]);
      await expect(decodePicture(shortened, OPTIONS)).rejects.toMatchObject({
        code: 'PICTURE_UNREADABLE',
        message: expect.stringContaining('the last scans of the JPEG are missing'),
      });
    }
  });

  test('with one scan for each colour, is refused', async () => {
    const jpeg = greyJpeg(64, 64);
    const head = jpeg.subarray(0, jpeg.lastIndexOf(Buffer.of(0xff, 0xda)));
    // of 64 blocks, a byte each
    const scan = (component: number): Buffer =>
      Buffer.concat([Buffer.of(0xff, 0xda, 0, 8, 1, component, 0, 0, 63, 0), Buffer.alloc(64)]);
    const file = (...components: number[]): Buffer =>
      Buffer.concat([head, ...components.map(scan), jpeg.subarray(-2)]);
    await expect(decodePicture(file(1, 2, 3), OPTIONS)).resolves.toMatchObject({ width: 8 });
    await expect(decodePicture(file(1), OPTIONS)).rejects.toMatchObject({ code: 'PICTURE_UNREADABLE' });
  });
});

describe('a JPEG with restart markers', () => {
  test.each([1, 4, 100])('after every %i blocks is decoded', async (blocks) => {
    const { rgb } = await decodePicture(greyJpeg(200, blocks), OPTIONS);
    expect([...rgb.subarray(0, 3)]).toEqual([128, 128, 128]);
  });

  test('that lacks the data between two of them is refused', async () => {
    const jpeg = greyJpeg(200, 4);
    const [from, to] = [0xd3, 0xd5].map((marker) => jpeg.indexOf(Buffer.of(0xff, marker)));
    const lacking = Buffer.concat([jpeg.subarray(0, from), jpeg.subarray(to)]);
    await expect(decodePicture(lacking, OPTIONS)).rejects.toMatchObject(UNREADABLE);
  });
});

describe('warnings of decoders that affect no pixel:', () => {
  test('meaningless bytes before the end', async () => {
    const jpeg = await photo(200, 200).jpeg({ progressive: true }).toBuffer();
    const padded = Buffer.concat([jpeg.subarray(0, -2), Buffer.alloc(40, 7), jpeg.subarray(-2)]);
    await expect(sharp(padded, { failOn: 'warning' }).raw().toBuffer()).rejects.toThrow('extraneous bytes');
    expect(await decodePicture(padded, OPTIONS)).toEqual(await decodePicture(jpeg, OPTIONS));
  });

  test('a revision of JFIF from the future', async () => {
    const jpeg = await photo(200, 200).jpeg().toBuffer();
    const head = Buffer.from('ffe000104a464946000901000001000100', 'hex');
    const newer = Buffer.concat([jpeg.subarray(0, 2), head, Buffer.of(0), jpeg.subarray(2)]);
    await expect(sharp(newer, { failOn: 'warning' }).raw().toBuffer()).rejects.toThrow('JFIF');
    expect(await decodePicture(newer, OPTIONS)).toEqual(await decodePicture(jpeg, OPTIONS));
  });
});
