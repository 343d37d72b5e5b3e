import sharp from 'sharp';
import type { AdDesign } from '../catalogue/ad-design.ts';
import { createRandom } from '../random.ts';
import { LAYOUT_DRAWINGS } from './layouts/layout.ts';
import { createSheet, type DrawnText } from './sheet.ts';
import { drawGrain } from './texture.ts';

export interface DrawnPicture {
  readonly bytes: Buffer;
  readonly texts: readonly DrawnText[];
}

/** Draws one design and encodes it; needs `registerFonts()` first. The same design gives the same bytes. */
export async function drawPicture(design: AdDesign): Promise<DrawnPicture> {
  const random = createRandom(`picture/${design.adId}/${design.headline}/${design.layout}`);
  const sheet = createSheet(design.width, design.height);
  LAYOUT_DRAWINGS[design.layout](sheet, design, random);
  if (design.backdrop !== 'scene' && design.format !== 'png') drawGrain(sheet, 0.05);
  return { bytes: await encode(sheet.canvas.data(), design), texts: sheet.texts };
}

async function encode(pixels: Buffer, design: AdDesign): Promise<Buffer> {
  const raw = { width: design.width, height: design.height, channels: 4 as const };
  const picture = sharp(pixels, { raw }).removeAlpha();
  const profiled = design.profile === 'none' ? picture : picture.withIccProfile(design.profile);
  if (design.format === 'png') return profiled.png({ compressionLevel: 5 }).toBuffer();
  if (design.format === 'webp') return profiled.webp({ quality: 82, effort: 1 }).toBuffer();
  return profiled.jpeg({ quality: 85 }).toBuffer();
}
