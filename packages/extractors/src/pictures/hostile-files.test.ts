import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { crc32, deflateSync, gzipSync } from 'node:zlib';
import { isLarderError } from '@larder/core';
import sharp, { type Sharp } from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MAX_FRAMES } from './decode-picture.ts';
import { createPictureDecoder, type PictureDecoder } from './decoder/picture-decoder.ts';

/*
 * Hostile files, each through the decoder that workers use, one process for all of them: it must survive every one.
 */
let decoder: PictureDecoder;
let requests = 0;
let server: Server;
let origin = '';

beforeAll(async () => {
  decoder = createPictureDecoder();
  server = createServer((_, response) => {
    requests++;
    response.end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  decoder.close();
  server.close();
});

async function outcome(bytes: Buffer, fit: 'fill' | 'cover' | 'contain' = 'cover'): Promise<string> {
  try {
    const { rgb } = await decoder.decode(bytes, {
      shape: { width: 32, height: 32, fit },
      maxPixels: 25_000_000,
    });
    expect(rgb).toHaveLength(32 * 32 * 3);
    return 'decoded';
  } catch (error) {
    if (!isLarderError(error)) throw error;
    // A sentence that says what to do.
    return /^\S.{20,}; .+\.$/s.test(error.message) ? error.code : `${error.code}: ${error.message}`;
  }
}

const noise = (side = 200): Sharp =>
  sharp({
    create: {
      width: side,
      height: side,
      channels: 3,
      background: '#888',
      noise: { type: 'gaussian', mean: 128, sigma: 40 },
    },
  });
const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');
const PNG = latin1('\x89PNG\r\n\x1a\n');

function chunk(type: string, data: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const body = Buffer.concat([latin1(type), data]);
  const crc = Buffer.alloc(4);
  crc.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, crc]);
}

/** A PNG of one grey bit per pixel, with any header and data. */
function png(width: number, height: number, data: Buffer, ...between: Buffer[]): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 1;
  return Buffer.concat([
    PNG,
    chunk('IHDR', header),
    ...between,
    chunk('IDAT', data),
    chunk('IEND', Buffer.of()),
  ]);
}

const rows = (width: number, height: number): Buffer =>
  deflateSync(Buffer.alloc((Math.ceil(width / 8) + 1) * height));

/** A JPEG with an extra segment after the first two bytes. */
async function jpegWith(...segments: [marker: number, data: Buffer][]): Promise<Buffer> {
  const jpeg = await noise().jpeg().toBuffer();
  const extra = segments.map(([marker, data]) => {
    const head = Buffer.of(0xff, marker, 0, 0);
    head.writeUInt16BE(data.length + 2, 2);
    return Buffer.concat([head, data]);
  });
  return Buffer.concat([jpeg.subarray(0, 2), ...extra, jpeg.subarray(2)]);
}

/** The last scan of a progressive JPEG many times over: each costs a pass over all pixels. */
async function scanBomb(): Promise<Buffer> {
  const jpeg = await noise(1_000).jpeg({ progressive: true }).toBuffer();
  const scan = jpeg.subarray(jpeg.lastIndexOf(Buffer.of(0xff, 0xda)), -2);
  return Buffer.concat([
    jpeg.subarray(0, -2),
    ...Array<Buffer>(Math.floor(15_000_000 / scan.length)).fill(scan),
    Buffer.of(0xff, 0xd9),
  ]);
}

/** Any number of empty frames, a few bytes each. */
function gif(width: number, height: number, frames: number): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt16LE(width, 0);
  size.writeUInt16LE(height, 2);
  const head = Buffer.concat([latin1('GIF89a'), size, Buffer.of(0x80, 0, 0, 0, 0, 0, 255, 255, 255)]);
  const frame = Buffer.of(0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0);
  return Buffer.concat([head, ...Array<Buffer>(frames).fill(frame), Buffer.of(0x3b)]);
}

/** Claims a canvas of 16384 × 16384. */
const hugeWebp = (): Buffer => {
  const data = Buffer.concat([
    latin1('WEBPVP8X'),
    Buffer.of(10, 0, 0, 0, 0, 0, 0, 0, 255, 63, 0, 255, 63, 0),
  ]);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(data.length);
  return Buffer.concat([latin1('RIFF'), size, data]);
};

const cut = async (picture: Sharp): Promise<Buffer> => {
  const bytes = await picture.toBuffer();
  return bytes.subarray(0, bytes.length >> 1);
};

/** A JPEG whose header promises more than its content holds. */
async function jpegOf(width: number, height: number): Promise<Buffer> {
  const jpeg = await noise().jpeg().toBuffer();
  const at = jpeg.indexOf(Buffer.of(0xff, 0xc0));
  jpeg.writeUInt16BE(height, at + 5);
  jpeg.writeUInt16BE(width, at + 7);
  return jpeg;
}

const svg = (): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="${origin}/fetched"/></svg>`;
type File = Buffer | Promise<Buffer>;

describe('is not a supported picture', () => {
  test.each<[string, () => File]>([
    ['an SVG that fetches', () => Buffer.from(svg())],
    ['an SVG behind a prolog', () => Buffer.from(`<?xml version="1.0"?>\n<!-- x -->\n${svg()}`)],
    ['an SVG behind a byte order mark', () => Buffer.from(`\ufeff${svg()}`)],
    ['an SVG in UTF-16', () => Buffer.from(`\ufeff${svg()}`, 'utf16le')],
    ['a packed SVG', () => gzipSync(svg())],
    ['an SVG that includes itself', () => Buffer.from('<!DOCTYPE svg [<!ENTITY a "&a;&a;">]><svg>&a;</svg>')],
    [
      'XML that reads files',
      () =>
        Buffer.from('<?xml version="1.0"?><!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><x>&f;</x>'),
    ],
    ['a web page', () => Buffer.from('<!doctype html><title>404</title>')],
    ['JSON', () => Buffer.from('{"error":"no such picture"}')],
    ['a PDF', () => Buffer.from('%PDF-1.7')],
    ['PostScript', () => Buffer.from('%!PS-Adobe-3.0 EPSF-3.0')],
    [
      'a script of ImageMagick',
      () => Buffer.from('push graphic-context\nimage over 0,0 0,0 "https://evil.example"'),
    ],
    ['a playlist', () => Buffer.from('#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd')],
    ['a TIFF', () => noise().tiff().toBuffer()],
    ['a BMP', () => Buffer.from('BM')],
    ['a HEIC', () => latin1('\0\0\0\x18ftypheic\0\0\0\0')],
    ['a JPEG XL', () => latin1('\0\0\0\x0cJXL \r\n\x87\n')],
    ['a JPEG 2000', () => latin1('\0\0\0\x0cjP  \r\n\x87\n')],
    ['a ZIP', () => Buffer.from('PK\x03\x04')],
    ['an archive of RIFF that is sound', () => latin1('RIFF\x04\0\0\0WAVE')],
    ['pixels of libvips', () => latin1('\xb6\xa6\xf2\x08')],
    ['a portable pixmap', () => Buffer.from('P6 99999 99999 255\n')],
    ['one byte', () => Buffer.of(0xff)],
    ['zeros', () => Buffer.alloc(100_000)],
    [
      'a JPEG behind a line break',
      async () => Buffer.concat([latin1('\n'), await noise().jpeg().toBuffer()]),
    ],
  ])('%s', async (_, make) => {
    expect(await outcome(await make())).toBe('PICTURE_FORMAT_UNSUPPORTED');
    expect(requests).toBe(0);
  });
});

describe('is damaged', () => {
  test.each<[string, () => File]>([
    ['nothing', () => Buffer.of()],
    ['the beginning of a JPEG', () => latin1('\xff\xd8\xff')],
    ['the beginning of a PNG', () => PNG],
    ['the beginning of a GIF', () => latin1('GIF89a')],
    ['the beginning of a WebP', () => latin1('RIFF\xff\xff\xff\xffWEBP')],
    ['the beginning of an AVIF', () => latin1('\0\0\0\x18ftypavif\0\0\0\0')],
    ['half a JPEG', () => cut(noise().jpeg())],
    ['half a progressive JPEG', () => cut(noise().jpeg({ progressive: true }))],
    ['half a PNG', () => cut(noise().png())],
    ['half an interlaced PNG', () => cut(noise().png({ progressive: true }))],
    ['half a GIF', () => cut(noise().gif())],
    ['half a WebP', () => cut(noise().webp())],
    ['half an AVIF', () => cut(noise(64).avif({ effort: 0 }))],
    ['a JPEG without pixels', () => jpegOf(0, 0)],
    ['a PNG that claims more rows than it has', () => png(1_000, 1_000, rows(10, 10))],
    ['a PNG without pixels', () => png(0, 0, rows(1, 1))],
    ['a PNG whose data is not zlib', () => png(8, 8, Buffer.from('not zlib at all'))],
    ['a JPEG that claims more rows than it has', () => jpegOf(200, 5_000)],
    ['a JPEG with thousands of scans', () => scanBomb()],
    ['a PNG that claims 2 147 483 647 pixels a side', () => png(2 ** 31 - 1, 2 ** 31 - 1, rows(8, 8))],
    ['a WebP that claims 16 384 pixels a side', () => hugeWebp()],
    ['a GIF without a frame', () => gif(8, 8, 0)],
    ['an SVG that calls itself a PNG', () => Buffer.concat([PNG, Buffer.from(svg())])],
    ['an SVG that calls itself a JPEG', () => Buffer.concat([latin1('\xff\xd8\xff'), Buffer.from(svg())])],
    ['a PDF that calls itself a GIF', () => Buffer.from('GIF89a%PDF-1.7 1 0 obj')],
  ])('%s', async (_, make) => {
    expect(await outcome(await make())).toBe('PICTURE_UNREADABLE');
    expect(requests).toBe(0);
  });
});

describe('is too large', () => {
  test.each<[string, () => File]>([
    ['a PNG of 400 megapixels in 50 kB', () => png(20_000, 20_000, rows(20_000, 20_000))],
    ['a JPEG that claims 65 500 pixels a side', () => jpegOf(65_500, 65_500)],
    ['a GIF of more frames than are read', () => gif(8, 8, MAX_FRAMES + 1)],
    ['a GIF of 100 000 frames', () => gif(8, 8, 100_000)],
  ])('%s', async (_, make) => {
    expect(await outcome(await make())).toBe('PICTURE_TOO_LARGE');
  });
});

describe('is odd but still a picture', () => {
  const text = (data: Buffer): Buffer => chunk('zTXt', Buffer.concat([latin1('Comment\0\0'), data]));
  test.each<[string, () => File]>([
    ['a GIF that claims 65 535 pixels a side and has one', () => gif(65_535, 65_535, 1)],
    ['a GIF of as many frames as are read', () => gif(8, 8, MAX_FRAMES)],
    [
      'a PNG that announces a million frames',
      () => png(8, 8, rows(8, 8), chunk('acTL', Buffer.from('000f424000000000', 'hex'))),
    ],
    [
      'a PNG with a text that unfolds to 100 MB',
      () => png(8, 8, rows(8, 8), text(deflateSync(Buffer.alloc(100_000_000)))),
    ],
    [
      'a PNG with a profile that unfolds to 100 MB',
      () =>
        png(
          8,
          8,
          rows(8, 8),
          chunk('iCCP', Buffer.concat([latin1('p\0\0'), deflateSync(Buffer.alloc(100_000_000))])),
        ),
    ],
    [
      'a PNG with a web page in it',
      () => png(8, 8, rows(8, 8), chunk('tEXt', latin1('Comment\0<html><script>'))),
    ],
    [
      'a JPEG with a ZIP behind it',
      async () => Buffer.concat([await noise().jpeg().toBuffer(), latin1('PK\x03\x04'), Buffer.alloc(1_000)]),
    ],
    ['a GIF that is a script too', () => Buffer.concat([gif(8, 8, 1), Buffer.from('=1;alert(1)//')])],
    [
      'a JPEG with 10 MB of comments',
      () => jpegWith(...Array.from({ length: 160 }, (): [number, Buffer] => [0xfe, Buffer.alloc(65_000)])),
    ],
    [
      'a JPEG with 16 MB of colour profile',
      () =>
        jpegWith(
          ...Array.from({ length: 255 }, (_, index): [number, Buffer] => [
            0xe2,
            Buffer.concat([latin1('ICC_PROFILE\0'), Buffer.of(index + 1, 255), Buffer.alloc(65_000)]),
          ]),
        ),
    ],
    [
      'a JPEG with nonsense for EXIF',
      () =>
        jpegWith([
          0xe1,
          Buffer.concat([latin1('Exif\0\0II*\0\xff\xff\xff\x7f'), Buffer.alloc(60_000, 0xff)]),
        ]),
    ],
    ['a JPEG that lies on its side', () => noise().withMetadata({ orientation: 8 }).jpeg().toBuffer()],
    ['a CMYK JPEG', () => noise().toColourspace('cmyk').jpeg().toBuffer()],
    ['a 16-bit PNG', () => noise().toColourspace('rgb16').png().toBuffer()],
    [
      'an animated WebP',
      () =>
        sharp(gif(8, 8, 3), { animated: true })
          .webp()
          .toBuffer(),
    ],
    [
      'an interlaced PNG of 24 megapixels',
      () =>
        sharp({ create: { width: 6_000, height: 4_000, channels: 4, background: '#123' } })
          .png({ progressive: true, compressionLevel: 1 })
          .toBuffer(),
    ],
  ])('%s', async (_, make) => {
    expect(await outcome(await make())).toBe('decoded');
  });

  test.each(['fill', 'cover', 'contain'] as const)('a line of 1 × 1 000 000 pixels, %s', async (fit) => {
    expect(['decoded', 'PICTURE_UNREADABLE', 'PICTURE_TOO_LARGE']).toContain(
      await outcome(png(1, 1_000_000, rows(1, 1_000_000)), fit),
    );
  });
});

test('after all of them the decoder still decodes', async () => {
  expect(await outcome(await noise().jpeg().toBuffer())).toBe('decoded');
});
