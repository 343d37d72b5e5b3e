import { expect, test } from 'vitest';
import { createRandom } from '../src/random.ts';
import { dot, principalComponents } from './principal-components.ts';

test('finds the directions that data were made from, scaled to variance 1', () => {
  const random = createRandom('components');
  const rows = Array.from({ length: 4_000 }, () => {
    const [strong, weak] = [5 * random.normal(), 2 * random.normal()];
    return Float64Array.of(strong * 0.6, strong * 0.8, weak, 0.01 * random.normal());
  });
  const [first, second] = principalComponents(rows, 2) as [Float64Array, Float64Array];
  expect(Math.abs(dot(first, Float64Array.of(0.6, 0.8, 0, 0)) * 5)).toBeCloseTo(1, 1);
  expect(Math.abs((second[2] as number) * 2)).toBeCloseTo(1, 1);
  const variance = rows.reduce((sum, row) => sum + dot(first, row) ** 2, 0) / rows.length;
  expect(variance).toBeCloseTo(1, 6);
});
