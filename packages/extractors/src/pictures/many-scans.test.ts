import sharp, { type Sharp } from 'sharp';
import { describe, expect, test } from 'vitest';
import { manyScansJpeg } from '../testing/grey-jpeg.ts';
import { decodePicture, MAX_SCANS } from './decode-picture.ts';
import { readScans } from './read-scans.ts';

const OPTIONS = { shape: { width: 8, height: 8, fit: 'fill' }, maxPixels: 25_000_000 } as const;
const countScans = (jpeg: Buffer, limit: number): number => readScans(jpeg, limit).count;
const START_OF_SCAN = Buffer.of(0xff, 0xda);

test('a JPEG of 2,647 scans is refused before it is decoded, which would take half a minute', async () => {
  const bomb = manyScansJpeg(5_000, 2_647);
  const before = performance.now();
  await expect(decodePicture(bomb, OPTIONS)).rejects.toMatchObject({
    code: 'PICTURE_TOO_MANY_SCANS',
    message: expect.stringMatching(/more than 100 scans.+; save it again/),
  });
  expect(performance.now() - before).toBeLessThan(15_000);
});

test('a JPEG of as many scans as allowed is decoded', async () => {
  const { rgb } = await decodePicture(manyScansJpeg(200, MAX_SCANS), OPTIONS);
  expect([...rgb.subarray(0, 3)]).toEqual([128, 128, 128]);
  await expect(decodePicture(manyScansJpeg(200, MAX_SCANS + 1), OPTIONS)).rejects.toThrow('scans');
});

describe('scans', () => {
  const photo = (): Sharp => sharp({ create: { width: 300, height: 200, channels: 3, background: '#c64' } });

  test('of common encoders', async () => {
    const baseline = await photo().jpeg().toBuffer();
    expect(countScans(baseline, MAX_SCANS)).toBe(1);
    for (const options of [{ progressive: true }, { mozjpeg: true }]) {
      const scans = countScans(await photo().jpeg(options).toBuffer(), MAX_SCANS);
      expect(scans).toBeGreaterThan(3);
      expect(scans).toBeLessThan(20);
    }
  });

  test('in a thumbnail do not count', async () => {
    const jpeg = await photo().jpeg({ progressive: true }).toBuffer();
    const thumbnail = Buffer.concat(Array<Buffer>(1_000).fill(START_OF_SCAN));
    const head = Buffer.of(0xff, 0xe1, 0, 0);
    head.writeUInt16BE(thumbnail.length + 2, 2);
    const framed = Buffer.concat([jpeg.subarray(0, 2), head, thumbnail, jpeg.subarray(2)]);
    expect(countScans(framed, MAX_SCANS)).toBe(countScans(jpeg, MAX_SCANS));
  });

  test('after the end do not count', async () => {
    const jpeg = await photo().jpeg({ progressive: true }).toBuffer();
    const longer = Buffer.concat([jpeg, ...Array<Buffer>(200).fill(START_OF_SCAN), Buffer.alloc(20)]);
    expect(countScans(longer, MAX_SCANS)).toBe(countScans(jpeg, MAX_SCANS));
  });

  test('end with the file, wherever it is cut off', () => {
    const jpeg = manyScansJpeg(64, 8);
    for (let length = 0; length <= jpeg.length; length++)
      expect(countScans(jpeg.subarray(0, length), MAX_SCANS)).toBeLessThanOrEqual(8);
    expect(countScans(jpeg, MAX_SCANS)).toBe(8);
  });
});
