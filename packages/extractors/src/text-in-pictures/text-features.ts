import type { Pixels } from './pixels.ts';
import { readingOrder } from './reading-order.ts';
import type { TextLine } from './text-reader.ts';

/** Features of the text on a picture. */
export interface TextFeatures extends Readonly<Record<string, number | boolean | string>> {
  /** Share of the picture that boxes of read text cover, 0 to 1. */
  readonly text_area_share: number;
  readonly word_count: number;
  readonly has_price: boolean;
  readonly has_percent: boolean;
  /** One line per row of the picture, from top to bottom. */
  readonly text: string;
}

const PRICE = /(?:[$€£¥₹]|\b(?:USD|EUR|GBP|CHF|JPY))\s?\d|\d\s?(?:[$€£¥₹]|(?:USD|EUR|GBP|CHF|JPY)\b)/i;
const PERCENT = /\d\s?%/;

export function textFeatures(
  lines: readonly TextLine[],
  { width, height }: Pick<Pixels, 'width' | 'height'>,
): TextFeatures {
  const text = readingOrder(lines)
    .map((row) => row.map((line) => line.text).join(' '))
    .join('\n');
  const area = lines.reduce((sum, { box }) => sum + box.width * box.height, 0);
  return {
    text_area_share: Math.min(1, area / (width * height)),
    word_count: text.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length,
    has_price: PRICE.test(text),
    has_percent: PERCENT.test(text),
    text,
  };
}
