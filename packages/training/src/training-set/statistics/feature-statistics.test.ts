import { openDuckdb } from '@larder/archive';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { featureStatistics } from './feature-statistics.ts';

const PROBABILITIES = [0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99];

/** As the specification has it, over numbers in memory. */
function naive(values: readonly (number | null)[]) {
  const given = values.filter((value) => value !== null);
  const sorted = given.filter(Number.isFinite).toSorted((a, b) => a - b);
  const quantile = (p: number): number => {
    const place = p * (sorted.length - 1);
    const [below, above] = [Math.floor(place), Math.ceil(place)].map((at) => sorted[at] as number);
    return (below as number) + ((above as number) - (below as number)) * (place % 1);
  };
  return {
    count: given.length,
    nulls: values.length - given.length,
    not_finite: given.length - sorted.length,
    sorted,
    quantile,
  };
}

test('statistics are those of a naive computation', async () => {
  const duckdb = await openDuckdb();
  try {
    const values = fc.array(
      fc.oneof(
        { weight: 4, arbitrary: fc.integer({ min: -5, max: 5 }) },
        { weight: 4, arbitrary: fc.double({ min: -1e6, max: 1e6, noNaN: true }) },
        fc.constantFrom(null, NaN, Infinity, -Infinity, -0),
      ),
      { minLength: 1, maxLength: 60 },
    );
    await fc.assert(
      fc.asyncProperty(values, async (drawn) => {
        const literals = drawn.map((value) => (value === null ? '(null)' : `('${value}'::DOUBLE)`));
        await duckdb.run(
          `create or replace table t as select v::DOUBLE as "a:b" from (values ${literals.join(', ')}) given(v)`,
        );
        const field = { name: 'b', type: 'float64' } as const;
        const found = await featureStatistics(duckdb, 't', { name: 'a:b', field });
        const { sorted, quantile, ...counts } = naive(drawn);
        expect(found).toMatchObject({ name: 'a:b', type: 'float64', ...counts });
        expect(found.quantiles === undefined).toBe(sorted.length === 0);
        if (sorted.length === 0) return;
        const mean = sorted.reduce((sum, value) => sum + value, 0) / sorted.length;
        expect(found.mean).toBeCloseTo(mean, 4);
        expect([found.min, found.max]).toEqual([sorted[0], sorted.at(-1)].map((value) => (value ?? 0) + 0));
        for (const p of PROBABILITIES) expect(found.quantiles?.[String(p)]).toBeCloseTo(quantile(p), 4);
        const { edges = [], counts: bins = [] } = found.histogram ?? {};
        const last = edges.length - 2;
        expect(bins).toEqual(
          edges.length === 1
            ? [sorted.length]
            : edges
                .slice(1)
                .map(
                  (edge, i) =>
                    sorted.filter((x) => x >= (edges[i] as number) && (x < edge || i === last)).length,
                ),
        );
      }),
      { numRuns: 40, examples: [[[5e-324, 2e-323]]] },
    );
  } finally {
    await duckdb.close();
  }
});

test('numbers at the ends of float64 do not fail the build', async () => {
  const duckdb = await openDuckdb();
  try {
    await duckdb.run(`create table t as select unnest([1.7e308, -1.7e308, 1.7e308, 0]) as x`);
    const field = { name: 'x', type: 'float64' } as const;
    const found = await featureStatistics(duckdb, 't', { name: 'x', field });
    expect(found).toMatchObject({ count: 4, min: -1.7e308, max: 1.7e308, quantiles: { '0.5': 0.85e308 } });
  } finally {
    await duckdb.close();
  }
});
