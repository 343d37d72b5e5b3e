import { expect, test } from 'vitest';
import { compileRowCodec } from '../rows/row-codec.ts';
import { orderAt } from '../testing/views.ts';
import { compileNullReader } from './null-reader.ts';

const view = {
  schema: [
    { name: 'a', type: 'string' },
    { name: 'b', type: 'int64' },
    { name: 'c', type: 'float32', default: 5 },
  ],
  schema_fingerprint: 3,
} as const;

test('names the features that are null, of those asked for and in their order', () => {
  const nulls = compileNullReader(view, ['c', 'a']);
  const encode = (values: object) => compileRowCodec(view).encode(orderAt(1), values as never);
  expect(nulls(encode({ a: null, b: null, c: null }))).toEqual(['c', 'a']);
  expect(nulls(encode({ a: 'x', b: null, c: null }))).toEqual(['c']);
  expect(nulls(encode({ a: '', b: 1n, c: 0 }))).toEqual([]);
});
