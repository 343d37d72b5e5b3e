import { expect, test } from 'vitest';
import { wholeNumberProblem } from './whole-number.ts';

test.for(['0', '8080', ' 65535\n'])('%j is a whole number from 0 to 65535', (text) => {
  expect(wholeNumberProblem(text, 0, 65_535)).toBeNull();
});

test.for(['abc', '', ' ', '-1', '65536', '1.5', '1e3', '0x10', 'NaN', '9'.repeat(400)])(
  '%j is not a whole number from 0 to 65535',
  (text) => {
    expect(wholeNumberProblem(text, 0, 65_535)).toBe('must be a whole number from 0 to 65535');
  },
);

test('without a highest number, one that is still exact', () => {
  expect(wholeNumberProblem(String(Number.MAX_SAFE_INTEGER), 1)).toBeNull();
  expect(wholeNumberProblem(String(Number.MAX_SAFE_INTEGER + 1), 1)).toBe('must be a whole number from 1');
});
