import { shortestFloat32 } from '@larder/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { writePlainJson } from './plain-json.ts';

const buffer = Buffer.alloc(4_096);

function written(value: object, into = buffer): string | null {
  const end = writePlainJson(into, 3, value);
  return end < 0 ? null : into.toString('latin1', 3, end);
}

const ascii = fc.string({ unit: 'grapheme-ascii', maxLength: 20 });
const leaf = fc.oneof(ascii, fc.double(), fc.maxSafeInteger(), fc.boolean(), fc.constant(null));
const members = fc.dictionary(ascii, fc.oneof(leaf, fc.dictionary(ascii, leaf)), { maxKeys: 5 });

test('the text is that of JSON.stringify, or there is none', () => {
  let some = 0;
  fc.assert(
    fc.property(members, (value) => {
      const text = written(Object.assign({}, value));
      if (text === null) return;
      some += 1;
      expect(text).toBe(JSON.stringify(value));
    }),
  );
  expect(some).toBeGreaterThan(0);
});

test('numbers have the text of JSON.stringify, however they came about', () => {
  const decimal = fc
    .tuple(fc.integer(), fc.integer({ min: 0, max: 14 }))
    .map(([n, places]) => n / 10 ** places);
  const float = fc.float({ noNaN: true, noDefaultInfinity: true }).map(shortestFloat32);
  fc.assert(
    fc.property(fc.oneof(decimal, float, fc.double()), (value) => {
      expect(written({ value })).toBe(JSON.stringify({ value }));
    }),
    { numRuns: 5_000 },
  );
});

test.each([
  { ad_id: 'ad-42', page: 7 },
  { a: -0, b: 0, c: 1e21, d: 5e-7, e: 0.031, f: -12, g: 9_007_199_254_740_991, h: 1_000_000_000 },
  { a: Number.NaN, b: Infinity, c: null, d: true, e: false },
  {},
  { offer: { smoothed: 0.01, in_feed: true }, empty: {} },
])('%j', (value) => {
  expect(written(value)).toBe(JSON.stringify(value));
});

test('what JSON.stringify would change or escape is left to it', () => {
  const deep = { a: { b: { c: { d: {} } } } };
  const inherited = Object.create({ secret: 1 }) as object;
  const values = ['"', '\\', '\n', '\0', 'é', '\ud800', 1n, undefined, new Date(), [1], deep, inherited];
  for (const value of values) expect(written({ value })).toBeNull();
  expect(written({ 'a"b': 1 })).toBeNull();
  expect(written({ toJSON: () => 1 })).toBeNull();
});

test('nothing is written beyond the end of the buffer', () => {
  const value = { text: 'x'.repeat(50), number: 1_234_567_890.5, flag: true };
  const texts = Array.from({ length: 200 }, (_, size) => written(value, Buffer.alloc(size + 8)));
  expect(new Set(texts)).toEqual(new Set([null, JSON.stringify(value)]));
});
