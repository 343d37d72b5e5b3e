import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsonBytes } from './json-bytes.ts';

test('within a factor of nine of the text, whatever the value', () => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: true }), (value) => {
      const text = JSON.stringify(value).length;
      expect(jsonBytes(value)).toBeLessThanOrEqual(9 * text);
      expect(9 * jsonBytes(value)).toBeGreaterThanOrEqual(text);
    }),
  );
});

test('text, the only value that can be large, is counted exactly', () => {
  const value = { request: { placement: 'x'.repeat(100_000) }, tags: ['y'.repeat(50_000)] };
  expect(jsonBytes(value)).toBeGreaterThan(150_000);
  expect(jsonBytes(value)).toBeLessThan(150_100);
});

test('any depth of nesting is counted', () => {
  expect(jsonBytes(JSON.parse('['.repeat(100_000) + ']'.repeat(100_000)))).toBeGreaterThan(200_000);
});
