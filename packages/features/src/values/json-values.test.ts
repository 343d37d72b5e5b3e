import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FieldType, FieldValue } from '../definition/field.ts';
import { decodeJsonValue } from './decode-json-value.ts';
import { encodeJsonValue } from './encode-json-value.ts';
import { valueProblem } from './value-problem.ts';
import type { ValueSpec } from './value-spec.ts';

const wellFormed = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0'));

const cases: { readonly spec: ValueSpec; readonly values: fc.Arbitrary<FieldValue> }[] = [
  { spec: { type: 'float32' }, values: fc.float({ noNaN: true, noDefaultInfinity: true }) },
  { spec: { type: 'float64' }, values: fc.double({ noNaN: true, noDefaultInfinity: true }) },
  { spec: { type: 'int64' }, values: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }) },
  { spec: { type: 'int64', safe: true }, values: fc.maxSafeInteger() },
  { spec: { type: 'bool' }, values: fc.boolean() },
  { spec: { type: 'string' }, values: wellFormed },
  {
    spec: { type: 'timestamp' },
    values: fc.date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true }),
  },
  {
    spec: { type: 'vector', length: 3 },
    values: fc.float32Array({ minLength: 3, maxLength: 3, noNaN: true, noDefaultInfinity: true }),
  },
  {
    spec: { type: 'json' },
    values: fc.dictionary(
      wellFormed.filter((key) => key !== '__proto__'),
      fc.oneof(fc.integer(), wellFormed, fc.constant(null)),
    ),
  },
];

describe('a value over JSON', () => {
  test.each(cases)('comes back as it was: $spec', ({ spec, values }) => {
    fc.assert(
      fc.property(values, (value) => {
        expect(valueProblem(spec, value)).toBeNull();
        const json: unknown = JSON.parse(JSON.stringify(encodeJsonValue(spec, value)));
        const decoded = decodeJsonValue(spec, json);
        // JSON has one zero.
        expect(decoded).toEqual({ ok: true, value: typeof value === 'number' ? value + 0 : plusZero(value) });
      }),
    );
  });

  test.each<[FieldType, FieldValue, unknown]>([
    ['int64', 2n ** 62n, '4611686018427387904'],
    ['int64', 7n, '7'],
    ['timestamp', new Date('2026-11-20T10:30:00+01:00'), '2026-11-20T09:30:00.000Z'],
    ['vector', Float32Array.of(1, 0.5, Number.NaN), [1, 0.5, null]],
    ['float64', Number.POSITIVE_INFINITY, null],
    ['float32', null, null],
  ])('%s is spelled as the HTTP API says', (type, value, json) => {
    expect(encodeJsonValue({ type }, value)).toEqual(json);
  });

  test('an int64 is read from a decimal string or a safe number', () => {
    expect(decodeJsonValue({ type: 'int64' }, '9223372036854775807')).toEqual({
      ok: true,
      value: 2n ** 63n - 1n,
    });
    expect(decodeJsonValue({ type: 'int64' }, 12)).toEqual({ ok: true, value: 12n });
    expect(decodeJsonValue({ type: 'int64', safe: true }, '12')).toEqual({ ok: true, value: 12 });
  });

  test('a float32 is rounded as the stores round it', () => {
    expect(decodeJsonValue({ type: 'float32' }, 0.1)).toEqual({ ok: true, value: Math.fround(0.1) });
  });

  test.each<[ValueSpec, unknown]>([
    [{ type: 'float32' }, '1'],
    [{ type: 'float32' }, 1e39],
    [{ type: 'float64' }, true],
    [{ type: 'int64' }, 1.5],
    [{ type: 'int64' }, 2 ** 53],
    [{ type: 'int64' }, '9223372036854775808'],
    [{ type: 'int64' }, '-9223372036854775809'],
    [{ type: 'int64' }, '007'],
    [{ type: 'int64' }, ''],
    [{ type: 'int64', safe: true }, '9007199254740992'],
    [{ type: 'bool' }, 1],
    [{ type: 'string' }, 5],
    [{ type: 'string' }, 'a\0b'],
    [{ type: 'string' }, '\ud800'],
    [{ type: 'timestamp' }, '2026-11-20T09:30:00'],
    [{ type: 'timestamp' }, '2026-11-20'],
    [{ type: 'timestamp' }, '2026-02-30T00:00:00Z'],
    [{ type: 'timestamp' }, '2026-02-00T00:00:00Z'],
    [{ type: 'timestamp' }, '2026-11-20T24:00:00Z'],
    [{ type: 'timestamp' }, 1_700_000_000_000],
    [{ type: 'vector', length: 2 }, [1]],
    [{ type: 'vector', length: 2 }, [1, null]],
    [{ type: 'vector', length: 2 }, [1, 1e39]],
    [
      { type: 'vector', length: 2 },
      { 0: 1, 1: 2, length: 2 },
    ],
    [{ type: 'json' }, { text: '\0' }],
    [{ type: 'json' }, JSON.parse(`${'['.repeat(100)}${']'.repeat(100)}`)],
    ...(['float32', 'float64', 'int64', 'bool', 'string', 'timestamp', 'vector', 'json'] as const).flatMap(
      (type): [ValueSpec, unknown][] => [
        [{ type, length: 2 }, null],
        [{ type, length: 2 }, undefined],
      ],
    ),
  ])('%o refuses %o', (spec, json) => {
    expect(decodeJsonValue(spec, json)).toEqual({
      ok: false,
      detail: expect.stringMatching(/^must /) as string,
    });
  });
});

describe('valueProblem', () => {
  test.each<[ValueSpec, unknown, string]>([
    [{ type: 'float32' }, '1', 'must be a number, not string'],
    [{ type: 'int64' }, 1, 'must be a bigint such as 0n, not number'],
    [{ type: 'int64' }, 2n ** 63n, 'must fit into 64 bits'],
    [{ type: 'int64', safe: true }, 1n, 'must be a whole number within 2^53, not bigint'],
    [{ type: 'bool' }, 0, 'must be true or false, not number'],
    [{ type: 'timestamp' }, new Date('x'), 'must be a valid Date, not an invalid Date'],
    [{ type: 'vector', length: 2 }, [1, 2], 'must be a Float32Array of 2 numbers, not Array'],
    [{ type: 'vector', length: 2 }, new Float32Array(3), 'must have 2 numbers, not 3'],
    [{ type: 'json' }, new Map(), 'must be JSON, not Map'],
    [{ type: 'json' }, { a: 1n }, 'must be JSON, not bigint'],
  ])('%o says of %o: %s', (spec, value, detail) => {
    expect(valueProblem(spec, value)).toBe(detail);
  });
});

function plusZero(value: FieldValue): FieldValue {
  return value instanceof Float32Array ? value.map((item) => item + 0) : value;
}
