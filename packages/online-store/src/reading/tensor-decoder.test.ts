import type { FieldManifest, FieldValue } from '@larder/features';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileRowCodec } from '../rows/row-codec.ts';
import { compileTensorDecoder } from './tensor-decoder.ts';
import { orderAt } from '../testing/views.ts';

const MISSING = -7;

function typed(field: Omit<FieldManifest, 'name'>, values: fc.Arbitrary<FieldValue>) {
  return fc.record({ field: fc.constant(field), value: fc.option(values, { nil: null, freq: 3 }) });
}

const anyNumeric = fc.oneof(
  typed({ type: 'float32' }, fc.float()),
  typed({ type: 'float32', default: 0.25 }, fc.float()),
  typed({ type: 'float64' }, fc.double()),
  typed({ type: 'float64', default: 3 }, fc.double()),
  typed({ type: 'bool' }, fc.boolean()),
  typed({ type: 'bool', default: true }, fc.boolean()),
  typed({ type: 'vector', length: 3 }, fc.float32Array({ minLength: 3, maxLength: 3 })),
  typed({ type: 'vector', length: 2, default: [1, 2] }, fc.float32Array({ minLength: 2, maxLength: 2 })),
);
const noTensor = fc.oneof(
  typed({ type: 'string' }, fc.string({ unit: 'grapheme' })),
  typed({ type: 'int64' }, fc.maxSafeInteger()),
);

/** The columns of one feature, in the simplest code. */
function columnsOf(field: FieldManifest, value: FieldValue): number[] {
  if (field.type === 'vector')
    return value === null
      ? ((field.default as number[] | undefined) ?? Array.from({ length: field.length ?? 0 }, () => MISSING))
      : [...(value as Float32Array)];
  return [Math.fround(Number(value ?? field.default ?? MISSING))];
}

test('any pick of any row lands in its columns and touches no other', () => {
  const scenario = fc
    .array(fc.oneof({ arbitrary: anyNumeric, weight: 5 }, noTensor), { minLength: 1, maxLength: 24 })
    .chain((features) => {
      const schema = features.map(({ field }, i): FieldManifest => ({ ...field, name: `f_${i}` }));
      const numeric = schema.filter(({ type }) => type !== 'string' && type !== 'int64');
      return fc.record({
        schema: fc.constant(schema),
        values: fc.constant(Object.fromEntries(features.map(({ value }, i) => [`f_${i}`, value]))),
        picked: fc.shuffledSubarray(numeric),
        column: fc.nat(4),
        absent: fc.boolean(),
      });
    });
  fc.assert(
    fc.property(scenario, ({ schema, values, picked, column, absent }) => {
      const view = { schema, schema_fingerprint: 9 };
      const names = picked.map(({ name }) => name);
      const decoder = compileTensorDecoder(view, names, MISSING);
      const expected = picked.flatMap((field) =>
        columnsOf(field, absent ? null : (values[field.name] ?? null)),
      );
      expect(decoder.width).toBe(expected.length);

      const tensor = new Float32Array(column + decoder.width + 2).fill(99);
      const row = absent ? null : compileRowCodec(view).encode(orderAt(0), values);
      decoder.decodeInto(row, { floats: tensor, bytes: new Uint8Array(tensor.buffer) }, column, 0);
      const around = [...Array.from({ length: column }, () => 99), ...expected, 99, 99];
      expect([...tensor]).toEqual(around);
    }),
  );
});

test('the tensor may lie anywhere in a larger buffer', () => {
  const view = { schema: [{ name: 'v', type: 'vector', length: 2 } as const], schema_fingerprint: 9 };
  const tensor = new Float32Array(new ArrayBuffer(64), 16, 4);
  const row = compileRowCodec(view).encode(orderAt(0), { v: Float32Array.of(1.5, 2.5) });
  const bytes = new Uint8Array(tensor.buffer, tensor.byteOffset, tensor.byteLength);
  compileTensorDecoder(view, ['v'], 0).decodeInto(row, { floats: tensor, bytes }, 1, 0);
  expect([...tensor]).toEqual([0, 1.5, 2.5, 0]);
});

test('a row of another schema counts as missing', () => {
  const view = { schema: [{ name: 'x', type: 'float32', default: 4 } as const], schema_fingerprint: 9 };
  const row = compileRowCodec({ ...view, schema_fingerprint: 8 }).encode(orderAt(0), { x: 1 });
  const tensor = new Float32Array(1);
  compileTensorDecoder(view, ['x'], 0).decodeInto(
    row,
    { floats: tensor, bytes: new Uint8Array(tensor.buffer) },
    0,
    0,
  );
  expect(tensor[0]).toBe(4);
});

test.each(['int64', 'string', 'timestamp', 'json'] as const)('%s cannot go into a tensor', (type) => {
  const view = { schema: [{ name: 'x', type }], schema_fingerprint: 9 };
  expect(() => compileTensorDecoder(view, ['x'], 0)).toThrow('cannot go into a tensor');
});

test('decoding allocates nothing', () => {
  const schema = [
    ...Array.from({ length: 10 }, (_, i) => ({ name: `f_${i}`, type: 'float32' }) as const),
    { name: 'd', type: 'float64' } as const,
    { name: 'b', type: 'bool' } as const,
    { name: 'v', type: 'vector', length: 64 } as const,
  ];
  const view = { schema, schema_fingerprint: 9 };
  const names = ['v', 'b', 'd', 'f_3', 'f_4', 'f_9'];
  const decoder = compileTensorDecoder(view, names, Number.NaN);
  const values = { f_4: 1.25, d: 2.5, b: true, v: new Float32Array(64) };
  const rows = [compileRowCodec(view).encode(orderAt(0), values), null];
  const floats = new Float32Array(decoder.width);
  const tensor = { floats, bytes: new Uint8Array(floats.buffer) };
  const decode = (times: number) => {
    for (let i = 0; i < times; i++) decoder.decodeInto(rows[i & 1] as Buffer | null, tensor, 0, i);
  };
  decode(50_000); // the optimizing compiler has done its work, and made its garbage
  const times = 500_000;
  const leastGrowth = Math.min(
    ...Array.from({ length: 5 }, () => {
      const before = process.memoryUsage().heapUsed;
      decode(times);
      return Math.abs(process.memoryUsage().heapUsed - before);
    }),
  );
  // one boxed number (16 bytes) per row would be 4 MB; a collection of other garbage spoils one round, not all
  expect(leastGrowth).toBeLessThan(times);
});
