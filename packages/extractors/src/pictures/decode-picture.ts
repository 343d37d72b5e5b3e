import { LarderError } from '@larder/core';
import sharp from 'sharp';

export interface DecodePictureOptions {
  readonly width: number;
  readonly height: number;
  /** How a picture of another shape becomes `width` × `height`. */
  readonly fit: PictureFit;
  readonly maxPixels: number;
}

/** `fill` stretches, `cover` cuts, `contain` adds white borders. */
export type PictureFit = 'fill' | 'cover' | 'contain';

/**
 * Encoded bytes → RGB bytes [height × width × 3], upright, on white where transparent, the first frame of many.
 * Colour profiles are ignored: applying them costs three times the decoding and moves sRGB pictures not at all;
 * what counts is that training and serving see the same.
 * @throws PICTURE_UNREADABLE, PICTURE_TOO_LARGE
 */
export async function decodePicture(bytes: Buffer, options: DecodePictureOptions): Promise<Uint8Array> {
  const { width, height, fit, maxPixels } = options;
  if (!isPicture(bytes)) {
    throw new LarderError(
      'PICTURE_UNREADABLE',
      bytes.length === 0
        ? 'The picture is an empty file; upload it again.'
        : 'The content is no JPEG, PNG, WebP, GIF or AVIF picture; mend the address in the source or upload it again.',
    );
  }
  try {
    return await sharp(bytes, { limitInputPixels: maxPixels, failOn: 'error', ignoreIcc: true })
      .autoOrient()
      .resize(width, height, { fit, background: '#ffffff' })
      .flatten({ background: '#ffffff' })
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer();
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    if (message.includes('exceeds pixel limit')) throw await tooManyPixels(bytes, maxPixels, cause);
    throw new LarderError(
      'PICTURE_UNREADABLE',
      `The picture is damaged or cut off (${message.split('\n', 1)[0]}); upload it again.`,
      { cause },
    );
  }
}

async function tooManyPixels(bytes: Buffer, maxPixels: number, cause: unknown): Promise<LarderError> {
  const size = await sharp(bytes, { limitInputPixels: false })
    .metadata()
    .then(({ width, height }) => `${width} × ${height} = ${megapixels(width * height)} megapixels`)
    .catch(() => 'too many pixels');
  return new LarderError(
    'PICTURE_TOO_LARGE',
    `The picture has ${size}, at most ${megapixels(maxPixels)} megapixels are decoded; serve a smaller one or raise maxPixels.`,
    { cause },
  );
}

function megapixels(pixels: number): string {
  return (pixels / 1e6).toFixed(1).replace(/\.0$/, '');
}

/**
 * By the first bytes, whatever the server calls it. Nothing else reaches libvips: it would also open SVG, PDF and
 * other formats that can make it read files.
 */
function isPicture(bytes: Buffer): boolean {
  const ascii = bytes.toString('latin1', 0, 12);
  return (
    ascii.startsWith('\xff\xd8\xff') ||
    ascii.startsWith('\x89PNG\r\n\x1a\n') ||
    ascii.startsWith('GIF8') ||
    (ascii.startsWith('RIFF') && ascii.endsWith('WEBP')) ||
    (ascii.startsWith('ftyp', 4) && /avi[fs]$/.test(ascii))
  );
}
