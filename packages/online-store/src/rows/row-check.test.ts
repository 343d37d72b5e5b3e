import { expect, test } from 'vitest';
import { compileRowCheck } from './row-check.ts';
import { compileRowCodec } from './row-codec.ts';
import { ROW_HEADER_BYTES } from './row-header.ts';
import { rowLayout } from './row-layout.ts';
import { orderAt } from '../testing/views.ts';

/** Floats first, then bools, in the order of the row. */
function rowOf(floats: number, bools: number) {
  const schema = [
    ...Array.from({ length: floats }, (_, i) => ({ name: `f_${i}`, type: 'float32' }) as const),
    ...Array.from({ length: bools }, (_, i) => ({ name: `b_${i}`, type: 'bool' }) as const),
  ];
  const view = { schema, schema_fingerprint: 1 };
  const row = compileRowCodec(view).encode(
    orderAt(0),
    Object.fromEntries(schema.map(({ name, type }) => [name, type === 'bool' ? true : 1])),
  );
  return { row, isReadable: compileRowCheck(rowLayout(view)) };
}

/** Bits of a byte that may be set. */
function bitsThatMayBeSet(row: Buffer, at: number, isReadable: (row: Buffer) => boolean): number[] {
  return Array.from({ length: 8 }, (_, bit) => bit).filter((bit) => {
    const changed = Buffer.from(row);
    changed[at] = (changed[at] as number) | (1 << bit);
    return isReadable(changed);
  });
}

test.each([
  [3, 0],
  [10, 0],
  [7, 4],
  [1, 17],
  [8, 8],
])('with %d floats and %d bools, a bit that stands for nothing is damage', (floats, bools) => {
  const { row, isReadable } = rowOf(floats, bools);
  const upTo = (bits: number) => Array.from({ length: bits % 8 || 8 }, (_, bit) => bit);
  const features = floats + bools;
  const lastOfBitmap = ROW_HEADER_BYTES + Math.ceil(features / 8) - 1;
  expect(isReadable(row)).toBe(true);
  expect(bitsThatMayBeSet(row, lastOfBitmap, isReadable)).toEqual(upTo(features));
  const lastOfBools = bitsThatMayBeSet(row, row.length - 1, isReadable);
  // without bools the row ends with a float, which has no wrong bits
  expect(lastOfBools).toEqual(bools > 0 ? upTo(bools) : upTo(8));
  const firstOfBitmap = bitsThatMayBeSet(row, ROW_HEADER_BYTES, isReadable);
  expect(firstOfBitmap).toEqual(upTo(Math.min(features, 8)));
});

test.each([
  ['int64', BigInt(Number.MAX_SAFE_INTEGER)],
  ['timestamp', 8_640_000_000_000_000n],
] as const)('a safe %s is readable up to its limit, on both sides', (type, limit) => {
  const schema = [
    type === 'int64' ? ({ name: 'x', type, safe: true } as const) : ({ name: 'x', type } as const),
  ];
  const view = { schema, schema_fingerprint: 1 };
  const isReadable = compileRowCheck(rowLayout(view));
  const holding = (value: bigint) => {
    const row = compileRowCodec(view).encode(orderAt(0), { x: type === 'int64' ? 1 : new Date(1) });
    row.writeBigInt64LE(value, row.length - 8);
    return isReadable(row);
  };
  expect([-limit - 1n, -limit, 0n, limit, limit + 1n].map(holding)).toEqual([false, true, true, true, false]);
});

test('texts lie one after another, and a null has none', () => {
  const schema = ['a', 'b', 'c'].map((name) => ({ name, type: 'string' }) as const);
  const view = { schema, schema_fingerprint: 1 };
  const isReadable = compileRowCheck(rowLayout(view));
  const ending = (...ends: readonly number[]) => {
    const row = compileRowCodec(view).encode(orderAt(0), { a: 'x', b: 'y', c: 'z' });
    for (const [i, end] of ends.entries()) row.writeUInt32LE(end, row.length - 3 - 4 * (3 - i));
    return row;
  };
  expect([ending(1, 2, 3), ending(0, 3, 3)].map(isReadable)).toEqual([true, true]);
  expect([ending(3, 1, 3), ending(1, 4, 3), ending(1, 2, 2)].map(isReadable)).toEqual([false, false, false]);

  const withNull = ending(1, 2, 3);
  withNull[ROW_HEADER_BYTES] = 0b010;
  expect(isReadable(withNull)).toBe(false);
  withNull.writeUInt32LE(1, withNull.length - 3 - 8);
  expect(isReadable(withNull)).toBe(true);
});
