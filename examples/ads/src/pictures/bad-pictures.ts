import sharp from 'sharp';
import type { AdDesign } from '../catalogue/ad-design.ts';
import { drawPicture, type DrawnPicture } from './draw-picture.ts';
import type { DrawnText } from './sheet.ts';

/** The demo's ads with unusable pictures, each for a different reason. */
export const BAD_PICTURES = { 'ad-73': 'missing', 'ad-128': 'truncated', 'ad-187': 'huge' } as const;

export type BadPicture = (typeof BAD_PICTURES)[keyof typeof BAD_PICTURES];

/** The deliberate defect of an ad's picture; null for almost all. */
export function badPicture(adId: string): BadPicture | null {
  return (BAD_PICTURES as Readonly<Record<string, BadPicture>>)[adId] ?? null;
}

/** 8000 × 5000: forty million pixels, like from a phone's camera. */
const HUGE = { width: 8_000, height: 5_000 } as const;

/** The bytes of a bad picture; null where the feed has none. */
export async function drawBadPicture(design: AdDesign, kind: BadPicture): Promise<DrawnPicture | null> {
  if (kind === 'missing') return null;
  const { bytes, texts } = await drawPicture({ ...design, format: 'jpeg', profile: 'none' });
  if (kind === 'truncated') return { bytes: bytes.subarray(0, Math.floor(bytes.length * 0.4)), texts: [] };
  const bytesOfHuge = await sharp(bytes)
    .resize(HUGE.width, HUGE.height, { fit: 'fill', kernel: 'nearest', fastShrinkOnLoad: false })
    .jpeg({ quality: 40 })
    .toBuffer();
  return {
    bytes: bytesOfHuge,
    texts: texts.map((text) => enlarged(text, HUGE.width / design.width, HUGE.height / design.height)),
  };
}

function enlarged({ text, box, sizePx, font }: DrawnText, byX: number, byY: number): DrawnText {
  const [x, y, width, height] = box;
  return {
    text,
    box: [Math.round(x * byX), Math.round(y * byY), Math.round(width * byX), Math.round(height * byY)],
    sizePx: Math.round(sizePx * byY),
    font,
  };
}
