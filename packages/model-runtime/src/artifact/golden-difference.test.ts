import { expect, test } from 'vitest';
import { worstDifference } from './golden-difference.ts';

test.each([
  ['equal', [1, 2], [1, 2], null],
  ['within the tolerance', [0.5 + 9e-4, 0], [0.5, 0], null],
  ['relative above one', [1_000.9, 0], [1_000, 0], null],
  ['the worst of several', [1.01, 2.5, 3.01], [1, 2, 3], 1],
  ['NaN, before and after smaller differences', [1.5, Number.NaN, 1.5], [1, 1, 1], 1],
  ['missing', [1], [1, 2], 1],
])('%s', (_, actual, expected, index) => {
  expect(worstDifference(actual, expected, 1e-3)?.index ?? null).toBe(index);
});
