import fc from 'fast-check';
import { expect, test } from 'vitest';
import { areaUnderCurve } from './area-under-curve.ts';

test('equals the share of pairs in the right order', () => {
  const example = fc.record({
    score: fc.integer({ min: 0, max: 6 }),
    clicked: fc.integer({ min: 0, max: 1 }),
  });
  fc.assert(
    fc.property(fc.array(example, { minLength: 2, maxLength: 40 }), (examples) => {
      const positives = examples.filter(({ clicked }) => clicked === 1);
      const negatives = examples.filter(({ clicked }) => clicked === 0);
      fc.pre(positives.length > 0 && negatives.length > 0);
      const wins = positives.flatMap(({ score }) =>
        negatives.map((other) => (Math.sign(score - other.score) + 1) / 2),
      );
      const expected = wins.reduce((sum, win) => sum + win, 0) / wins.length;
      const got = areaUnderCurve(
        examples.map(({ score }) => score),
        examples.map(({ clicked }) => clicked),
      );
      expect(got).toBeCloseTo(expected, 10);
    }),
  );
});
