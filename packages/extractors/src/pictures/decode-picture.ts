import { LarderError } from '@larder/core';
import sharp, { type Sharp } from 'sharp';
import { readScans } from './read-scans.ts';
import { guessContent, sniffPicture, type PictureFormat } from './sniff-picture.ts';

/** Exactly `width` × `height`, or scaled down until both sides are at most `maxSide`. */
export type PictureShape =
  | { readonly width: number; readonly height: number; readonly fit: PictureFit }
  | { readonly maxSide: number };

/** `fill` stretches, `cover` crops, `contain` adds white borders. */
export type PictureFit = 'fill' | 'cover' | 'contain';

export interface DecodePictureOptions {
  readonly shape: PictureShape;
  /** Width × height of the file. */
  readonly maxPixels: number;
}

export interface DecodedPicture {
  readonly width: number;
  readonly height: number;
  /** [height × width × 3] */
  readonly rgb: Uint8Array;
}

/** More frames than any ad has; each costs time even though only the first is decoded. */
export const MAX_FRAMES = 1_000;

/** Ten times what encoders write; a scan takes a hundred bytes of the file and costs a pass over all pixels. */
export const MAX_SCANS = 100;

/**
 * Warnings of JPEG decoders that do not affect any pixel. Other warnings mean that data is missing or damaged and
 * that the rest of the picture is grey or noise; libvips continues after both.
 */
const HARMLESS =
  /extraneous bytes|Inconsistent progression|Invalid SOS parameters|Unknown Adobe color|unknown JFIF|bad ICC/;

/**
 * Encoded bytes → RGB bytes, upright, transparency on white, only the first frame of an animation.
 * Colour profiles are ignored: applying them takes three times as long as decoding and does not change sRGB pictures;
 * what matters is that training and serving see the same pixels.
 * Runs in this process, so only for trusted bytes. Untrusted pictures go through `openPictureDecoder`.
 * @throws PICTURE_UNREADABLE, PICTURE_FORMAT_UNSUPPORTED, PICTURE_TOO_LARGE, PICTURE_TOO_MANY_SCANS
 */
export async function decodePicture(bytes: Buffer, options: DecodePictureOptions): Promise<DecodedPicture> {
  const format = formatOf(bytes);
  if (format === 'jpeg') checkScans(bytes);
  try {
    if (format !== 'jpeg') return await pixelsOf(bytes, options, { format, failOn: 'error' });
    return await pixelsOf(bytes, options, { format, failOn: 'warning' }).catch((warning: Error) => {
      if (!HARMLESS.test(warning.message)) throw warning;
      return pixelsOf(bytes, options, { format, failOn: 'error' });
    });
  } catch (cause) {
    if (cause instanceof LarderError) throw cause;
    const message = cause instanceof Error ? cause.message : String(cause);
    if (message.includes('exceeds pixel limit')) throw await tooManyPixels(bytes, options.maxPixels, cause);
    throw unreadable(message.split('\n', 1)[0] as string, cause);
  }
}

async function pixelsOf(
  bytes: Buffer,
  { shape, maxPixels }: DecodePictureOptions,
  { format, failOn }: { readonly format: PictureFormat; readonly failOn: 'error' | 'warning' },
): Promise<DecodedPicture> {
  const picture = sharp(bytes, { limitInputPixels: maxPixels, failOn, ignoreIcc: true });
  await checkFrames(picture, format);
  const { data, info } = await resized(picture.autoOrient(), shape)
    .flatten({ background: '#ffffff' })
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, rgb: data };
}

function resized(picture: Sharp, shape: PictureShape): Sharp {
  if ('maxSide' in shape) {
    return picture.resize(shape.maxSide, shape.maxSide, { fit: 'inside', withoutEnlargement: true });
  }
  return picture.resize(shape.width, shape.height, { fit: shape.fit, background: '#ffffff' });
}

/** Only these formats reach libvips, which would also open SVG, PDF and others that can make it read files. */
function formatOf(bytes: Buffer): PictureFormat {
  if (bytes.length === 0)
    throw new LarderError('PICTURE_UNREADABLE', 'The picture is an empty file; upload it again.');
  const format = sniffPicture(bytes);
  if (format !== null) return format;
  throw new LarderError(
    'PICTURE_FORMAT_UNSUPPORTED',
    `The content is ${guessContent(bytes)}, not a JPEG, PNG, WebP, GIF or AVIF picture; fix the address in the ` +
      'source or convert the picture.',
  );
}

function unreadable(reason: string, cause?: unknown): LarderError {
  return new LarderError(
    'PICTURE_UNREADABLE',
    `The picture is damaged or cut off (${reason}); upload it again.`,
    { cause },
  );
}

function checkScans(jpeg: Buffer): void {
  const { count, complete } = readScans(jpeg, MAX_SCANS);
  if (count > MAX_SCANS)
    throw new LarderError(
      'PICTURE_TOO_MANY_SCANS',
      `The picture is a JPEG of more than ${MAX_SCANS} scans, which takes too long to decode; save it again as a plain ` +
        'JPEG or PNG.',
    );
  // Decoders fill the gap with grey or coarse squares, without a warning.
  if (!complete) throw unreadable('the last scans of the JPEG are missing');
}

async function checkFrames(picture: Sharp, format: PictureFormat): Promise<void> {
  if (format === 'jpeg' || format === 'png') return;
  const { pages = 1 } = await picture.metadata();
  if (pages <= MAX_FRAMES) return;
  throw new LarderError(
    'PICTURE_TOO_LARGE',
    `The picture has ${pages} frames; at most ${MAX_FRAMES} are allowed. Serve a shorter animation or its first frame.`,
  );
}

async function tooManyPixels(bytes: Buffer, maxPixels: number, cause: unknown): Promise<LarderError> {
  const size = await sharp(bytes, { limitInputPixels: false })
    .metadata()
    .then(({ width, height }) => `${width} × ${height} = ${megapixels(width * height)} megapixels`)
    .catch(() => 'too many pixels');
  return new LarderError(
    'PICTURE_TOO_LARGE',
    `The picture has ${size}; at most ${megapixels(maxPixels)} megapixels are allowed. Serve a smaller one or raise maxPixels.`,
    { cause },
  );
}

function megapixels(pixels: number): string {
  return (pixels / 1e6).toFixed(1).replace(/\.0$/, '');
}
