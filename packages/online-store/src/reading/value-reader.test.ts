import { expect, test } from 'vitest';
import { compileRowCodec } from '../rows/row-codec.ts';
import { orderAt } from '../testing/views.ts';
import { compileValueReader } from './value-reader.ts';

const view = {
  schema: [
    { name: 'a', type: 'string' },
    { name: 'b', type: 'int64' },
    { name: 'c', type: 'string' },
    { name: 'd', type: 'float32', default: 5 },
  ],
  schema_fingerprint: 3,
} as const;

test('reads the features asked for, in the order asked for, with nulls as the source gave them', () => {
  const reader = compileValueReader(view, ['d', 'c', 'b']);
  const row = compileRowCodec(view).encode(orderAt(1), { a: 'first', b: 7n, c: 'last', d: null });
  expect(reader.read(row, 0)).toEqual([null, 'last', 7n]);
  expect([0, 1, 2].map((place) => reader.valueAt(row, place, 0))).toEqual([null, 'last', 7n]);
});

test('a row that is absent or of another schema is all null', () => {
  const reader = compileValueReader(view, ['a', 'd']);
  const other = compileRowCodec({ ...view, schema_fingerprint: 4 }).encode(orderAt(1), { a: 'x' });
  expect(reader.read(null, 0)).toEqual([null, null]);
  expect(reader.read(other, 0)).toEqual([null, null]);
  expect([reader.valueAt(null, 0, 0), reader.valueAt(other, 0, 0)]).toEqual([null, null]);
});

test('an unknown feature is a defect', () => {
  expect(() => compileValueReader(view, ['nope'])).toThrow('no feature nope');
});
