import { expect, test } from 'vitest';
import { textFeatures } from './text-features.ts';
import type { TextLine } from './text-reader.ts';

const PICTURE = { width: 200, height: 100 };

function line(text: string, x: number, y: number, size: readonly [number, number] = [40, 10]): TextLine {
  return { text, box: { centre: { x, y }, width: size[0], height: size[1], angle: 0 } };
}

test('rows from top to bottom, each from left to right', () => {
  const { text, word_count: words } = textFeatures(
    [line('Sale', 60, 52), line('Shop now', 50, 80), line('Summer', 20, 50), line('$9', 150, 20, [40, 20])],
    PICTURE,
  );
  expect(text).toBe('$9\nSummer Sale\nShop now');
  expect(words).toBe(5);
});

test('the share of the picture that text covers', () => {
  expect(textFeatures([line('a', 50, 50), line('b', 50, 80)], PICTURE).text_area_share).toBeCloseTo(0.04);
  expect(textFeatures([line('a', 0, 0, [999, 999])], PICTURE).text_area_share).toBe(1);
});

test('no text', () => {
  expect(textFeatures([], PICTURE)).toEqual({
    text_area_share: 0,
    word_count: 0,
    has_price: false,
    has_percent: false,
    text: '',
  });
});

test.each([
  ['$14.90', true, false],
  ['from 39 € a month', true, false],
  ['USD 12', true, false],
  ['12eur', true, false],
  ['-20%', false, true],
  ['4.1 % on savings', false, true],
  ['Save $5 or 10%', true, true],
  ['100 days', false, false],
  ['$ %', false, false],
])('%s: price %s, percent %s', (text, price, percent) => {
  const features = textFeatures([line(text, 0, 0)], PICTURE);
  expect([features.has_price, features.has_percent]).toEqual([price, percent]);
});

test('punctuation alone is not a word', () => {
  expect(textFeatures([line('- € 4 | ok é', 0, 0)], PICTURE).word_count).toBe(3);
});
