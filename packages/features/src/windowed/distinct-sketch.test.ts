import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DistinctSketch, isDistinctSketch } from './distinct-sketch.ts';

function sketchOf(values: Iterable<string>): DistinctSketch {
  const sketch = new DistinctSketch();
  for (const value of values) sketch.add(value);
  return sketch;
}

function texts(count: number, from = 0): string[] {
  return Array.from({ length: count }, (_, at) => `user-${from + at}`);
}

/** A second implementation, by the text of the definition. */
function naiveEstimate(values: readonly string[]): number {
  const ranks = new Map<number, number>();
  for (const value of values) {
    const hash = createHash('md5').update(value).digest().readBigUInt64BE();
    const bits = hash.toString(2).padStart(64, '0');
    const register = Number.parseInt(bits.slice(0, 10), 2);
    const one = bits.indexOf('1', 10);
    const rank = one < 0 ? 55 : one - 9;
    ranks.set(register, Math.max(ranks.get(register) ?? 0, rank));
  }
  const zeros = 1_024 - ranks.size;
  const sum = [...ranks.values()].reduce((all, rank) => all + 2 ** -rank, zeros);
  const raw = ((0.7213 / (1 + 1.079 / 1_024)) * 1_024 ** 2) / sum;
  return Math.floor(0.5 + (raw <= 2_560 && zeros > 0 ? 1_024 * Math.log(1_024 / zeros) : raw));
}

test('estimates as the definition says, whatever the values', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 200 }), (values) => {
      expect(sketchOf(values).estimate()).toBe(naiveEstimate(values));
    }),
  );
});

test.each([0, 1, 10, 100, 341, 1_000, 2_000, 5_000, 20_000, 200_000])(
  'counts %d different values within three standard errors',
  (count) => {
    const sketch = sketchOf(texts(count));
    expect(Math.abs(sketch.estimate() - count)).toBeLessThanOrEqual(Math.max(0, 3 * 0.0325 * count));
  },
);

test.each([5, 700, 2_400, 2_700, 9_000])('estimates %d different values as the definition says', (count) => {
  expect(sketchOf(texts(count)).estimate()).toBe(naiveEstimate(texts(count)));
});

test('repeats change nothing', () => {
  expect(sketchOf([...texts(50), ...texts(50)]).encode()).toEqual(sketchOf(texts(50)).encode());
});

test('a sketch comes back from its bytes, and merging equals adding everything to one', () => {
  const some = fc.array(fc.nat(3_000).map(String), { maxLength: 900 });
  fc.assert(
    fc.property(some, some, some, (a, b, c) => {
      const parts = [a, b, c].map((part) => sketchOf(part).encode());
      const merged = new DistinctSketch();
      for (const part of parts) {
        expect(isDistinctSketch(part)).toBe(true);
        expect(part.length).toBeLessThanOrEqual(1_024);
        const padded = Buffer.concat([Buffer.from('xyz'), part, Buffer.from('z')]);
        merged.merge(padded, 3, 3 + part.length);
      }
      const all = sketchOf([...a, ...b, ...c]);
      expect(merged.encode()).toEqual(all.encode());
      expect(merged.estimate()).toBe(all.estimate());
    }),
    { numRuns: 30 },
  );
});

test('341 registers take three bytes each; with more, all take one', () => {
  const sketch = new DistinctSketch();
  const entries = (count: number) =>
    Buffer.from(Array.from({ length: count }, (_, at) => [at & 0xff, at >> 8, 1]).flat());
  sketch.merge(entries(341));
  expect(sketch.encode()).toHaveLength(1_023);
  sketch.merge(Buffer.from([0xff, 0x03, 55]));
  expect(sketch.encode()).toHaveLength(1_024);
  expect(sketch.encode().at(-1)).toBe(55);
});

test('a cleared sketch is empty', () => {
  const sketch = sketchOf(texts(2_000));
  sketch.clear();
  expect(sketch.estimate()).toBe(0);
  expect(sketch.encode()).toHaveLength(0);
});

test.each([
  ['registers that do not ascend', [2, 0, 1, 1, 0, 1]],
  ['a register twice', [2, 0, 1, 2, 0, 1]],
  ['a register beyond the last', [0, 4, 1]],
  ['rank 0 in an entry', [1, 0, 0]],
  ['a rank beyond 55', [1, 0, 56]],
  ['half an entry', [1, 0]],
  ['more than 341 entries', Array.from({ length: 342 }, (_, at) => [at & 0xff, at >> 8, 1]).flat()],
  ['a rank beyond 55 among all', Array.from({ length: 1_024 }, () => 56)],
])('%s are not a sketch', (_, bytes) => {
  expect(isDistinctSketch(Buffer.from(bytes))).toBe(false);
});
