import { expect, test } from 'vitest';
import { createRandom } from './random.ts';

test('a seed gives the same numbers for ever', () => {
  const random = createRandom('larder');
  expect([random.next(), random.next(), random.next()]).toEqual([
    0.7586491715628654, 0.793822119710967, 0.7860579392872751,
  ]);
});

test('numbers are spread evenly and normals have variance 1', () => {
  const random = createRandom('spread');
  const draws = Array.from({ length: 20_000 }, () => random.int(0, 9));
  for (let value = 0; value < 10; value += 1) {
    const share = draws.filter((draw) => draw === value).length / draws.length;
    expect(share).toBeCloseTo(0.1, 1.5);
  }
  const squares = Array.from({ length: 20_000 }, () => random.normal() ** 2);
  expect(squares.reduce((sum, square) => sum + square, 0) / squares.length).toBeCloseTo(1, 1);
});
