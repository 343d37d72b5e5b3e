import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addToEncoded, DistinctSketch, isSketchLength, sketchEntry } from './distinct-sketch.ts';

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

test('adding to the bytes of a sketch is adding to the sketch, whatever the values', () => {
  const entry = fc.record({ register: fc.nat(1_023), rank: fc.integer({ min: 1, max: 55 }) });
  const entries = fc.array(
    entry.map(({ register, rank }) => register * 64 + rank),
    { maxLength: 1_500, size: 'max' },
  );
  fc.assert(
    fc.property(entries, (added) => {
      let bytes: Uint8Array = new Uint8Array(0);
      const sketch = new DistinctSketch();
      for (const each of added) {
        const before = Buffer.from(bytes);
        const after = addToEncoded(bytes, each);
        if (!before.equals(bytes)) throw new Error('The bytes that were given were changed.');
        bytes = after;
        sketch.addEntry(each);
      }
      expect(Buffer.from(bytes)).toEqual(sketch.encode());
    }),
    { numRuns: 40 },
  );
  expect(Buffer.from(addToEncoded(new Uint8Array(0), sketchEntry('user-1')))).toEqual(
    sketchOf(['user-1']).encode(),
  );
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
        expect(isSketchLength(part.length)).toBe(true);
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

test('up to 511 registers take two bytes each; with more, all take one', () => {
  const sketch = new DistinctSketch();
  for (let register = 0; register < 511; register++) {
    const entry = Buffer.alloc(2);
    entry.writeUInt16LE(register * 64 + 1);
    sketch.merge(entry);
  }
  expect(sketch.encode()).toHaveLength(1_022);
  expect(sketch.encode().subarray(0, 6)).toEqual(Buffer.from([1, 0, 65, 0, 129, 0]));
  sketch.merge(Buffer.from([0xf7, 0xff])); // the last register, rank 55
  expect(sketch.encode()).toHaveLength(1_024);
  expect(sketch.encode().at(-1)).toBe(55);
});

test('a cleared sketch is empty', () => {
  const sketch = sketchOf(texts(2_000));
  sketch.clear();
  expect(sketch.estimate()).toBe(0);
  expect(sketch.encode()).toHaveLength(0);
});

test('an encoded sketch has a length of its own', () => {
  expect([0, 2, 1_022, 1_024].map(isSketchLength)).toEqual([true, true, true, true]);
  expect([1, 3, 1_021, 1_023, 1_026, 65_534].map(isSketchLength)).toEqual(Array(6).fill(false));
});

test('any bytes of such a length merge into something that can be estimated', () => {
  const length = fc.constantFrom(2, 30, 1_022, 1_024);
  const bytes = length.chain((size) => fc.uint8Array({ minLength: size, maxLength: size }));
  fc.assert(
    fc.property(bytes, (damaged) => {
      const sketch = new DistinctSketch();
      sketch.merge(damaged);
      expect(sketch.estimate()).toBeGreaterThanOrEqual(0);
      expect(Number.isFinite(sketch.estimate())).toBe(true);
      const again = new DistinctSketch();
      again.merge(sketch.encode());
      expect(again.encode()).toEqual(sketch.encode());
    }),
  );
});
