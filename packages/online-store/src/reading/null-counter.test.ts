import { expect, test } from 'vitest';
import { compileRowCodec } from '../rows/row-codec.ts';
import { orderAt } from '../testing/views.ts';
import { compileNullCounter } from './null-counter.ts';

const schema = Array.from({ length: 10 }, (_, at) => ({ name: `f_${at}`, type: 'float32' as const }));
const view = { schema, schema_fingerprint: 3 };

test('adds 1 at the place of each feature that is null, of those asked for', () => {
  const count = compileNullCounter(view, [
    { name: 'f_9', place: 0 },
    { name: 'f_1', place: 2 },
  ]);
  const counts = new Float64Array(3);
  const values = Object.fromEntries(schema.map(({ name }, at) => [name, at]));
  const encode = (nulls: object) => compileRowCodec(view).encode(orderAt(1), { ...values, ...nulls });
  count(encode({}), counts);
  expect([...counts]).toEqual([0, 0, 0]);
  count(encode({ f_9: null }), counts);
  count(encode({ f_9: null, f_1: null, f_2: null }), counts);
  expect([...counts]).toEqual([2, 0, 1]);
});
