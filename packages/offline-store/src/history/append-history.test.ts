import type { FieldManifest, FieldValue, JsonValue } from '@larder/features';
import fc from 'fast-check';
import { expect } from 'vitest';
import { project, row, test, view } from '../testing/store.ts';
import { appendHistory } from './append-history.ts';
import { ensureHistory } from './ensure-history.ts';
import type { HistoryRow } from './history-table.ts';
import { readChunkHistory } from './read-chunk-history.ts';

const SCHEMA: readonly FieldManifest[] = [
  { name: 'f32', type: 'float32' },
  { name: 'f64', type: 'float64' },
  { name: 'big', type: 'int64' },
  { name: 'count', type: 'int64', safe: true },
  { name: 'flag', type: 'bool' },
  { name: 'select', type: 'string' },
  { name: 'seen_at', type: 'timestamp' },
  { name: 'embedding', type: 'vector', length: 3 },
  { name: 'payload', type: 'json' },
];
const everyType = view('every_type', SCHEMA);

const storableText = fc.string({ unit: 'binary' }).filter((text) => !text.includes('\0'));
/** PostgreSQL reaches back to 4713 BC, Date further. */
const instant = fc.date({ min: new Date('-004712-01-01T00:00:00Z'), noInvalidDate: true });
/** Values that JSON text can represent: -0 becomes 0. */
const json = fc
  .jsonValue({ stringUnit: 'binary' })
  .filter((value) => value !== null && !JSON.stringify(value).includes('\\u0000'))
  .map((value) => JSON.parse(JSON.stringify(value)) as JsonValue);
const values = fc.record({
  f32: fc.option(fc.float()),
  f64: fc.option(fc.double()),
  big: fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  count: fc.option(fc.maxSafeInteger()),
  flag: fc.option(fc.boolean()),
  select: fc.option(storableText),
  seen_at: fc.option(instant),
  embedding: fc.option(
    fc.array(fc.integer({ min: 0, max: 2 ** 32 - 1 }), { minLength: 3, maxLength: 3 }).map(floatsOfBits),
  ),
  payload: fc.option(json),
});

function floatsOfBits(bits: readonly number[]): Float32Array {
  return new Float32Array(Uint32Array.from(bits).buffer);
}

/** Comparable down to the bit: NaN payloads, -0, Dates and bigints included. */
function bitsOf(value: FieldValue | null | undefined): unknown {
  if (value instanceof Float32Array)
    return [...new Uint32Array(value.buffer, value.byteOffset, value.length)];
  return typeof value === 'number' ? [new BigUint64Array(Float64Array.of(value).buffer)[0]] : value;
}

test('every type comes back from history as it went in, bit for bit', async ({ store }) => {
  await ensureHistory(store, project, everyType);
  let chunkId = 0;
  const rows = fc.array(fc.tuple(values, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })), {
    minLength: 1,
    maxLength: 20,
  });
  await fc.assert(
    fc.asyncProperty(rows, async (drawn) => {
      chunkId++;
      const appended = drawn.map(([value, inputHash], i) =>
        row(`ad-${i}`, { values: value, inputHash, chunkId, revision: chunkId }),
      );
      await store.transaction((tx) => appendHistory(tx, project, everyType, appended));
      const read = await readChunkHistory(store, project, everyType, chunkId);
      expect(read.toSorted(byAd).map(comparable)).toEqual(appended.toSorted(byAd).map(comparable));
    }),
    { numRuns: 60 },
  );
});

function byAd(a: HistoryRow, b: HistoryRow): number {
  return JSON.stringify(a.keys).localeCompare(JSON.stringify(b.keys));
}

function comparable(history: HistoryRow): unknown {
  return {
    ...history,
    values: Object.fromEntries(Object.entries(history.values).map(([name, value]) => [name, bitsOf(value)])),
  };
}

test('floats keep their bits in SQL too', async ({ store }) => {
  await ensureHistory(store, project, everyType);
  const value = {
    f32: Math.fround(0.1),
    f64: 0.1 + 0.2,
    embedding: new Float32Array([0.1, -0, Number.MIN_VALUE]),
  };
  await store.transaction((tx) =>
    appendHistory(tx, project, everyType, [row('sql', { values: value, chunkId: 1_000_000 })]),
  );
  const { rows } = await store.pool.query(
    `select f32::text, f64::text, embedding::text, encode(float4send(embedding[2]), 'hex') as minus_zero
     from shop_history.every_type_v1 where ad_id = 'sql'`,
  );
  expect(rows).toEqual([
    { f32: '0.1', f64: '0.30000000000000004', embedding: '{0.1,-0,0}', minus_zero: '80000000' },
  ]);
});

test('rows of many months make their own partitions, and there is no default one', async ({ store }) => {
  const many = view('many_months', [{ name: 'clicks', type: 'float32' }]);
  await ensureHistory(store, project, many);
  const months = [
    '0001-01-01T00:00:00.000Z',
    '1969-12-31T23:59:59.999Z',
    '2024-02-29T12:00:00.000Z',
    '9999-12-31T23:59:59.999Z',
  ];
  const rows = months.map((text, i) =>
    row(`ad-${i}`, { eventTimestampMs: Date.parse(text), createdTimestampMs: Date.parse(text) }),
  );
  await store.transaction((tx) => appendHistory(tx, project, many, rows));
  const stored = await store.pool.query(
    `select tableoid::regclass::text as partition from shop_history.many_months_v1 order by event_timestamp`,
  );
  expect(stored.rows.map((r) => r.partition)).toEqual([
    'shop_history.many_months_v1_0001_01',
    'shop_history.many_months_v1_1969_12',
    'shop_history.many_months_v1_2024_02',
    'shop_history.many_months_v1_9999_12',
  ]);
  expect(
    (await readChunkHistory(store, project, many, 1))
      .map((r) => r.eventTimestampMs)
      .toSorted((a, b) => a - b),
  ).toEqual(months.map((text) => Date.parse(text)));
  const defaults = await store.pool.query(
    `select partdefid from pg_partitioned_table where partrelid = 'shop_history.many_months_v1'::regclass`,
  );
  expect(defaults.rows).toEqual([{ partdefid: 0 }]);
});

test('many writers that need the same new months can all land', async ({ store }) => {
  const busy = view('busy', [{ name: 'clicks', type: 'float32' }]);
  await ensureHistory(store, project, busy);
  const writers = Array.from({ length: 8 }, (_, writer) =>
    store.transaction((tx) => {
      const rows = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11].map((month) =>
        row(`ad-${writer}`, {
          eventTimestampMs: Date.UTC(2020, (month * 5 + writer) % 12, 3),
          chunkId: writer,
        }),
      );
      return appendHistory(tx, project, busy, rows);
    }),
  );
  await Promise.all(writers);
  const { rows } = await store.pool.query(
    'select count(*) as rows, count(distinct tableoid) as partitions from shop_history.busy_v1',
  );
  expect(rows).toEqual([{ rows: 96, partitions: 12 }]);
});

test('a row that already exists fails the whole transaction', async ({ store }) => {
  const once = view('once', [{ name: 'clicks', type: 'float32' }]);
  await ensureHistory(store, project, once);
  await store.transaction((tx) => appendHistory(tx, project, once, [row('ad-1')]));
  const again = store.transaction(async (tx) => {
    await appendHistory(tx, project, once, [row('ad-2', { chunkId: 2 })]);
    await appendHistory(tx, project, once, [row('ad-3', { chunkId: 2 }), row('ad-1', { chunkId: 2 })]);
  });
  await expect(again).rejects.toMatchObject({
    code: 'HISTORY_ROW_EXISTS',
    // Only in the log, not in the message: keys name people, and callers may see the message.
    message: expect.not.stringContaining('ad-1'),
    cause: expect.objectContaining({ detail: expect.stringContaining('ad-1') }),
  });
  expect(await readChunkHistory(store, project, once, 2)).toEqual([]);
  const corrected = row('ad-1', { chunkId: 3, revision: 2 });
  await store.transaction((tx) => appendHistory(tx, project, once, [corrected]));
  expect(await readChunkHistory(store, project, once, 3)).toHaveLength(1);
});

test.for<[string, Partial<HistoryRow>]>([
  ['feature f32 must be a number', { values: { f32: '1' } }],
  ['feature f32 is beyond float32', { values: { f32: 1e39 } }],
  ['feature big must be a bigint', { values: { big: 1 } }],
  ['feature big must fit into 64 bits', { values: { big: 2n ** 63n } }],
  ['feature count must be a whole number', { values: { count: 2 ** 53 } }],
  ['feature flag must be true or false', { values: { flag: 1 } }],
  ['without the character U+0000', { values: { select: 'a\0b' } }],
  ['well-formed Unicode', { values: { select: '\ud800' } }],
  ['without the character U+0000', { values: { payload: { deep: ['\0'] } } }],
  ['feature seen_at must be a valid Date', { values: { seen_at: new Date(Number.NaN) } }],
  ['feature seen_at is before 4713 BC', { values: { seen_at: new Date(-8.64e15) } }],
  ['must have 3 numbers, not 2', { values: { embedding: new Float32Array(2) } }],
  ['must be a Float32Array', { values: { embedding: [1, 2, 3] } }],
  ['surprise is not declared', { values: { surprise: 1 } }],
  ['join key ad_id is missing', { keys: {} }],
  ['join keys have 1001 bytes', { keys: { ad_id: 'x'.repeat(1_001) } }],
  ['not a whole number', { eventTimestampMs: 0.5 }],
  ['outside the years', { eventTimestampMs: Date.UTC(10_000, 0, 1) }],
])('refuses what the view does not declare: %s', async ([message, changed], { store }) => {
  await ensureHistory(store, project, everyType);
  const append = store.transaction((tx) =>
    appendHistory(tx, project, everyType, [row('bad', { chunkId: 999, ...changed })]),
  );
  await expect(append).rejects.toMatchObject({
    code: 'FEATURE_VALUE_INVALID',
    message: expect.stringContaining(message),
  });
});

test('text that only looks like an escape is stored', async ({ store }) => {
  await ensureHistory(store, project, everyType);
  const payload = { path: 'C:\\u0000', other: '\\ud800' };
  await store.transaction((tx) =>
    appendHistory(tx, project, everyType, [row('escape', { chunkId: 1_000_001, values: { payload } })]),
  );
  expect((await readChunkHistory(store, project, everyType, 1_000_001))[0]?.values.payload).toEqual(payload);
});
