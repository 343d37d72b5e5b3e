import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shortestFloat32 } from './float32.ts';

test.each([
  [0.031, '0.031'],
  [0.1, '0.1'],
  [-1.5, '-1.5'],
  [16_777_216, '16777216'],
  [1e-45, '1.4013e-45'],
  [3.4028234663852886e38, '3.4028235e+38'],
  [1e20, '100000000000000000000'],
  [0, '0'],
])('the float32 of %d is written %s', (value, text) => {
  expect(String(shortestFloat32(Math.fround(value)))).toBe(text);
});

test('every float32 comes back as itself, in as few digits as nine attempts of toPrecision need', () => {
  fc.assert(
    fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
      const short = shortestFloat32(value);
      expect(Math.fround(short)).toBe(value);
      const digits = [6, 7, 8, 9].find(
        (count) => Math.fround(Number(value.toPrecision(count))) === value,
      ) as number;
      expect(short === 0 || significantDigits(short) <= digits).toBe(true);
    }),
    { numRuns: 5_000 },
  );
});

test('a number that is not a float32 stays unchanged', () => {
  expect(shortestFloat32(Number.NaN)).toBeNaN();
  expect(shortestFloat32(Infinity)).toBe(Infinity);
});

function significantDigits(value: number): number {
  const [mantissa = ''] = Math.abs(value).toExponential().split('e');
  return mantissa.replace('.', '').length;
}
