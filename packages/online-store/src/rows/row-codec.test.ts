import type { FieldManifest, FieldValue } from '@larder/features';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileRowCodec } from './row-codec.ts';
import { readRowHeader } from './row-header.ts';
import { orderAt } from '../testing/views.ts';

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const timestamp = fc.date({ noInvalidDate: true });

function typed(field: Omit<FieldManifest, 'name'>, values: fc.Arbitrary<FieldValue>) {
  return fc.option(values, { nil: null, freq: 4 }).map((value) => ({ field, value }));
}

const anyFeature = fc.oneof(
  typed({ type: 'float32' }, fc.float()),
  typed({ type: 'float64' }, fc.double()),
  typed({ type: 'int64' }, int64),
  typed({ type: 'int64', safe: true }, fc.maxSafeInteger()),
  typed({ type: 'bool' }, fc.boolean()),
  typed({ type: 'string' }, fc.string({ unit: 'grapheme' })),
  typed({ type: 'timestamp' }, timestamp),
  typed({ type: 'vector', length: 3 }, fc.float32Array({ minLength: 3, maxLength: 3 })),
  // JSON has one zero.
  typed(
    { type: 'json' },
    fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as FieldValue),
  ),
);

test('any row of any schema comes back as it was, in the order of the schema', () => {
  const order = fc.record({
    eventTimestampMs: fc.integer({ min: -(2 ** 47), max: 2 ** 47 - 1 }),
    createdTimestampMs: fc.integer({ min: -(2 ** 47), max: 2 ** 47 - 1 }),
    revision: fc.integer({ min: 0, max: 2 ** 40 - 1 }),
  });
  fc.assert(
    fc.property(fc.array(anyFeature, { maxLength: 30 }), order, (features, rowOrder) => {
      const schema = features.map(({ field }, i) => ({ ...field, name: `f_${i}` }));
      const values = Object.fromEntries(features.map(({ value }, i) => [`f_${i}`, value]));
      const codec = compileRowCodec({ schema, schema_fingerprint: 0xfedcba98 });
      const decoded = codec.decode(codec.encode(rowOrder, values));
      expect(decoded?.header).toEqual({ ...rowOrder, format: 1, schemaFingerprint: 0xfedcba98 });
      expect(decoded?.values).toEqual(values);
      expect(Object.keys(decoded?.values ?? {})).toEqual(schema.map(({ name }) => name));
    }),
  );
});

test('a NaN that the source gave is not a null', () => {
  const schema = [{ name: 'a', type: 'float32' } as const, { name: 'b', type: 'float64' } as const];
  const codec = compileRowCodec({ schema, schema_fingerprint: 1 });
  expect(codec.decode(codec.encode(orderAt(0), { a: Number.NaN, b: null }))?.values).toEqual({
    a: Number.NaN,
    b: null,
  });
  expect(codec.decode(codec.encode(orderAt(0), { a: null }))?.values).toEqual({ a: null, b: null });
});

test('ten float32 take exactly 64 bytes, what Redis keeps compact by default', () => {
  const schema = Array.from({ length: 10 }, (_, i) => ({ name: `f_${i}`, type: 'float32' }) as const);
  expect(compileRowCodec({ schema, schema_fingerprint: 1 }).encode(orderAt(0), {})).toHaveLength(64);
});

test.each<[string, FieldManifest, FieldValue]>([
  ['text for a number', { name: 'x', type: 'float32' }, '1'],
  ['a number beyond float32', { name: 'x', type: 'float32' }, 1e300],
  ['text for a double', { name: 'x', type: 'float64' }, '1'],
  ['a fraction for an integer', { name: 'x', type: 'int64' }, 1.5],
  ['an unsafe number for an integer', { name: 'x', type: 'int64' }, 2 ** 60],
  ['an integer beyond 64 bits', { name: 'x', type: 'int64' }, 2n ** 63n],
  ['a large integer for a safe field', { name: 'x', type: 'int64', safe: true }, 2n ** 60n],
  ['a number for a bool', { name: 'x', type: 'bool' }, 1],
  ['text for a time', { name: 'x', type: 'timestamp' }, '2026-01-01T00:00:00Z'],
  ['an invalid time', { name: 'x', type: 'timestamp' }, new Date(Number.NaN)],
  ['a vector of another length', { name: 'x', type: 'vector', length: 3 }, new Float32Array(2)],
  ['an array for a vector', { name: 'x', type: 'vector', length: 2 }, [1, 2]],
  ['half a character', { name: 'x', type: 'string' }, '\ud800'],
  ['a bigint for JSON', { name: 'x', type: 'json' }, 1n],
])('refuses %s and names the feature', (_, field, value) => {
  const codec = compileRowCodec({ schema: [field], schema_fingerprint: 1 });
  expect(() => codec.encode(orderAt(0), { x: value })).toThrow(
    expect.objectContaining({ code: 'FEATURE_VALUE_INVALID', message: expect.stringContaining('x (') }),
  );
});

test('bools beyond the first eight have bytes of their own', () => {
  const bools = Array.from({ length: 17 }, (_, i) => ({ name: `b_${i}`, type: 'bool' }) as const);
  const schema = [{ name: 'd', type: 'float64' } as const, ...bools, { name: 's', type: 'string' } as const];
  const codec = compileRowCodec({ schema, schema_fingerprint: 1 });
  for (let set = 0; set < bools.length; set++) {
    const values = {
      d: Math.PI,
      s: 'text',
      ...Object.fromEntries(bools.map(({ name }, i) => [name, i === set])),
    };
    expect(codec.decode(codec.encode(orderAt(0), values))?.values).toEqual(values);
  }
});

test('a vector without a length is a defect', () => {
  const schema = [{ name: 'v', type: 'vector' } as const];
  expect(() => compileRowCodec({ schema, schema_fingerprint: 1 })).toThrow('The vector v has no length');
});

test('the order key reaches to the ends of its bits', () => {
  const codec = compileRowCodec({ schema: [], schema_fingerprint: 1 });
  for (const order of [orderAt(-(2 ** 47), -(2 ** 47), 0), orderAt(2 ** 47 - 1, 2 ** 47 - 1, 2 ** 40 - 1)])
    expect(readRowHeader(codec.encode(order, {}))).toMatchObject(order);
});

test.each([
  ['event', orderAt(2 ** 47)],
  ['event', orderAt(-(2 ** 47) - 1)],
  ['created', orderAt(0, 0.5)],
  ['created', orderAt(0, -(2 ** 47) - 1)],
  ['revision', orderAt(0, 0, 2 ** 40)],
  ['revision', orderAt(0, 0, -1)],
  ['revision', orderAt(0, 0, 0.5)],
])('an order key beyond its bits is a defect: %s', (what, order) => {
  expect(() => compileRowCodec({ schema: [], schema_fingerprint: 1 }).encode(order, {})).toThrow(what);
});

test('a row of another schema, another format or another length is not decoded', () => {
  const schema = [{ name: 'x', type: 'string' } as const];
  const codec = compileRowCodec({ schema, schema_fingerprint: 1 });
  const row = codec.encode(orderAt(5), { x: 'text' });
  const otherFormat = Buffer.from(row);
  otherFormat[0] = 2;
  expect(codec.decode(row)?.values).toEqual({ x: 'text' });
  expect(compileRowCodec({ schema, schema_fingerprint: 2 }).decode(row)).toBeNull();
  expect(codec.decode(otherFormat)).toBeNull();
  expect(readRowHeader(otherFormat)).toMatchObject({ format: 2, eventTimestampMs: 5 });
  expect(codec.decode(row.subarray(0, -1))).toBeNull();
  expect(codec.decode(Buffer.alloc(0))).toBeNull();
  expect(readRowHeader(Buffer.alloc(21))).toBeNull();
});
