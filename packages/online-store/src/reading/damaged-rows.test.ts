import { encodeJsonValue, type FieldManifest, type FieldValue } from '@larder/features';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileRowCodec } from '../rows/row-codec.ts';
import { compileTensorDecoder } from './tensor-decoder.ts';
import { orderAt } from '../testing/views.ts';
import { compileValueReader } from './value-reader.ts';
import { compileTtlAtRead } from './ttl-at-read.ts';

const NOW = 1_795_200_000_000;
const MISSING = -7;

function typed(field: Omit<FieldManifest, 'name'>, values: fc.Arbitrary<FieldValue>) {
  return fc.option(values, { nil: null, freq: 4 }).map((value) => ({ field, value }));
}

const anyFeature = fc.oneof(
  typed({ type: 'float32' }, fc.float()),
  typed({ type: 'float64' }, fc.double()),
  typed({ type: 'int64' }, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  typed({ type: 'int64', safe: true }, fc.maxSafeInteger()),
  typed({ type: 'bool' }, fc.boolean()),
  typed({ type: 'string' }, fc.string({ unit: 'grapheme' })),
  typed({ type: 'timestamp' }, fc.date({ noInvalidDate: true })),
  typed({ type: 'vector', length: 3 }, fc.float32Array({ minLength: 3, maxLength: 3 })),
  typed({ type: 'json' }, fc.jsonValue() as fc.Arbitrary<FieldValue>),
);

const anyView = fc.array(anyFeature, { minLength: 1, maxLength: 20 }).map((features) => {
  const schema = features.map(({ field }, i): FieldManifest => ({ ...field, name: `f_${i}` }));
  const view = { schema, schema_fingerprint: 0xfedcba98, ttl_ms: 'forever' } as const;
  const values = Object.fromEntries(features.map(({ value }, i) => [`f_${i}`, value]));
  return { view, row: compileRowCodec(view).encode(orderAt(NOW), values) };
});

const anyDamage = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('byte' as const), at: fc.nat(), value: fc.nat(255) }),
    fc.record({ kind: fc.constant('bit' as const), at: fc.nat(), value: fc.nat(7) }),
    fc.record({ kind: fc.constant('cut' as const), at: fc.nat(), value: fc.constant(0) }),
    fc.record({ kind: fc.constant('add' as const), at: fc.constant(0), value: fc.nat(255) }),
  ),
  { minLength: 1, maxLength: 4 },
);

function damage(
  row: Buffer,
  steps: typeof anyDamage extends fc.Arbitrary<infer Step> ? Step : never,
): Buffer {
  let bytes = Buffer.from(row);
  for (const { kind, at, value } of steps) {
    const place = bytes.length === 0 ? 0 : at % bytes.length;
    if (kind === 'cut') bytes = bytes.subarray(0, place);
    else if (kind === 'add') bytes = Buffer.concat([bytes, Buffer.of(value)]);
    else if (bytes.length > 0)
      bytes[place] = kind === 'byte' ? value : (bytes[place] as number) ^ (1 << value);
  }
  return bytes;
}

test('whatever happens to its bytes, a row is unreadable to all or gives all of them valid values', () => {
  fc.assert(
    fc.property(anyView, anyDamage, ({ view, row }, steps) => {
      const bytes = damage(row, steps);
      const status = compileTtlAtRead(view)(bytes, NOW);
      const decoded = compileRowCodec(view).decode(bytes);
      expect(decoded !== null).toBe(status === 'PRESENT');
      if (decoded === null) return;
      const names = view.schema.map(({ name }) => name);
      expect(compileValueReader(view, names).read(bytes, NOW)).toEqual(Object.values(decoded.values));
      for (const field of view.schema)
        expect(() =>
          JSON.stringify(encodeJsonValue(field, decoded.values[field.name] ?? null)),
        ).not.toThrow();
      const columns = view.schema.filter(({ type }) => ['float32', 'float64', 'bool'].includes(type));
      const tensor = new Float32Array(columns.length);
      const decoder = compileTensorDecoder(
        view,
        columns.map(({ name }) => name),
        MISSING,
      );
      decoder.decodeInto(bytes, { floats: tensor, bytes: new Uint8Array(tensor.buffer) }, 0, 0);
      expect([...tensor]).toEqual(
        columns.map(({ name }) => Math.fround(Number(decoded.values[name] ?? MISSING))),
      );
      // what is readable is what an encoder writes, so it survives being written again
      expect(compileTtlAtRead(view)(compileRowCodec(view).encode(decoded.header, decoded.values), NOW)).toBe(
        'PRESENT',
      );
    }),
    { numRuns: 2_000 },
  );
});

test('a row that lost or gained bytes, or has another format or schema, is never readable', () => {
  const anyLoss = fc.oneof(
    fc.nat().map((at) => (row: Buffer) => row.subarray(0, at % row.length)),
    fc.uint8Array({ minLength: 1, maxLength: 8 }).map((more) => (row: Buffer) => Buffer.concat([row, more])),
    fc.record({ at: fc.integer({ min: 0, max: 4 }), bit: fc.nat(7) }).map(({ at, bit }) => (row: Buffer) => {
      const bytes = Buffer.from(row);
      bytes[at] = (bytes[at] as number) ^ (1 << bit);
      return bytes;
    }),
  );
  fc.assert(
    fc.property(anyView, anyLoss, ({ view, row }, lose) => {
      expect(compileTtlAtRead(view)(row, NOW)).toBe('PRESENT');
      expect(compileTtlAtRead(view)(lose(row), NOW)).toBe('UNREADABLE');
      expect(compileRowCodec(view).decode(lose(row))).toBeNull();
    }),
  );
});

const PARTS: readonly [name: string, field: Omit<FieldManifest, 'name'>, value: FieldValue, bad: Buffer][] = [
  ['an instant that no Date holds', { type: 'timestamp' }, new Date(0), int64(2n ** 60n)],
  ['an integer that is not safe', { type: 'int64', safe: true }, 1, int64(-(2n ** 53n))],
  ['text that is not UTF-8', { type: 'string' }, 'ab', Buffer.of(0xc3, 0x28)],
  ['half a JSON text', { type: 'json' }, [1, 2], Buffer.from('[1,2,')],
];

test.each(PARTS)('%s is damage', (_, field, value, bad) => {
  const view = { schema: [{ ...field, name: 'x' }], schema_fingerprint: 1, ttl_ms: 'forever' } as const;
  const row = compileRowCodec(view).encode(orderAt(NOW), { x: value });
  expect(compileTtlAtRead(view)(row, NOW)).toBe('PRESENT');
  bad.copy(row, row.length - bad.length);
  expect(compileTtlAtRead(view)(row, NOW)).toBe('UNREADABLE');
});

test('a text that ends inside a character of the next is damage', () => {
  const schema = [{ name: 'a', type: 'string' } as const, { name: 'b', type: 'string' } as const];
  const view = { schema, schema_fingerprint: 1, ttl_ms: 'forever' } as const;
  const row = compileRowCodec(view).encode(orderAt(NOW), { a: 'x', b: 'é' });
  for (const end of [2, 4]) {
    row.writeUInt32LE(end, 23);
    expect(compileTtlAtRead(view)(row, NOW)).toBe('UNREADABLE');
  }
});

function int64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(value);
  return bytes;
}
