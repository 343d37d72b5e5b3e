import fc from 'fast-check';
import { expect } from 'vitest';
import type { OfflineStore } from '../offline-store.ts';
import { test } from '../testing/store.ts';
import { byteaArray, float8Array, int2Array, int4Array, int8Array, textArray } from './binary-arrays.ts';

async function back(store: OfflineStore, array: Buffer, type: string): Promise<unknown[]> {
  const { rows } = await store.pool.query<{ value: unknown }>(
    `select value from unnest($1::${type}[]) with ordinality a (value, at) order by at`,
    [array],
  );
  return rows.map(({ value }) => value);
}

const text = fc.string({ unit: 'grapheme' }).map((value) => value.replaceAll('\0', ''));

test.for([
  ['smallint', fc.integer({ min: -(2 ** 15), max: 2 ** 15 - 1 }), int2Array],
  ['integer', fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), int4Array],
  ['bigint', fc.maxSafeInteger(), int8Array],
  ['double precision', fc.option(fc.double()), float8Array],
  ['text', fc.option(fc.oneof(text, fc.constantFrom('', 'NULL', '"', '\\', '{a,b}'))), textArray],
  ['bytea', fc.uint8Array().map((bytes) => Buffer.from(bytes)), byteaArray],
] as const)('PostgreSQL reads every array of %s as it was', async ([type, value, arrayOf], { store }) => {
  await fc.assert(
    fc.asyncProperty(fc.array(value as fc.Arbitrary<unknown>, { maxLength: 20 }), async (values) => {
      expect(await back(store, (arrayOf as (values: unknown[]) => Buffer)(values), type)).toEqual(values);
    }),
    { numRuns: 60 },
  );
});
