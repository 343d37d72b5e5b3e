import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDuckdb, type Duckdb } from '@larder/archive';
import {
  Bool,
  DateDay,
  Dictionary,
  Field,
  Float32,
  Int32,
  Int64,
  Int8,
  List,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  tableToIPC,
  Timestamp,
  TimeUnit,
  Uint64,
  Utf8,
  vectorFromArray,
  type Data,
  type DataType,
} from 'apache-arrow';
import { describe, expect, test as base } from 'vitest';
import { arrowSpine } from './arrow-spine.ts';

const test = base.extend<{ read(bytes: Uint8Array): Promise<Record<string, unknown>[]> }>({
  // oxlint-disable-next-line no-empty-pattern
  read: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'larder-arrow-'));
    const opened: Duckdb[] = [];
    await use(async (bytes) => {
      const path = join(folder, 'spine.arrows');
      await writeFile(path, bytes);
      const duckdb = await openDuckdb({ tempFolder: folder });
      opened.push(duckdb);
      await duckdb.run(`attach ':memory:' as work; use work`);
      const signal = new AbortController().signal;
      const file = await arrowSpine(duckdb, path, { called: 'spine.arrows', maxRows: 20_000, signal });
      const columns = file.names.map((name, i) => `c${i} as "${name}", typeof(c${i}) as "type of ${name}"`);
      return duckdb.all(`select ${columns.join(', ')} from ${file.path} order by row`);
    });
    for (const duckdb of opened) await duckdb.close();
    await rm(folder, { recursive: true });
  },
});

function micros(values: readonly bigint[], timezone: string | null): Data {
  const type = new Timestamp(TimeUnit.MICROSECOND, timezone);
  return makeData({ type, length: values.length, nullCount: 0, data: BigInt64Array.from(values) });
}

/** A stream of one batch. */
function streamOf(columns: Readonly<Record<string, Data>>): Uint8Array {
  const fields = Object.entries(columns).map(([name, { type }]) => new Field(name, type, true));
  const children = Object.values(columns);
  const length = children[0]?.length ?? 0;
  const batch = new RecordBatch(
    new Schema(fields),
    makeData({ type: new Struct(fields), length, nullCount: 0, children }),
  );
  return tableToIPC(new Table([batch]), 'stream');
}

function data(values: readonly unknown[], type: DataType): Data {
  const [only] = vectorFromArray(values, type).data;
  if (only === undefined) throw new Error('There is no data.');
  return only;
}

describe('an Arrow stream', () => {
  test('has its values, nulls and types, and microseconds', async ({ read }) => {
    const at = BigInt(Date.parse('2026-11-20T09:30:00Z')) * 1_000n + 123_456n;
    const rows = await read(
      streamOf({
        ad_id: data(['ad-1', ''], new Utf8()),
        kind: data(['a', null], new Dictionary(new Utf8(), new Int32())),
        at: micros([at, -1n], 'Europe/Berlin'),
        local: micros([at, at], null),
        day: data([new Date('2026-11-20'), null], new DateDay()),
        big: data([9_007_199_254_740_993n, null], new Int64()),
        huge: data([18_446_744_073_709_551_615n, 0n], new Uint64()),
        small: data([-7, null], new Int8()),
        share: data([0.5, null], new Float32()),
        yes: data([true, false], new Bool()),
        pair: data([[1, 0.25], null], new List(new Field('item', new Float32(), true))),
      }),
    );
    expect(rows[0]).toMatchObject({
      ad_id: 'ad-1',
      kind: 'a',
      'type of at': 'TIMESTAMP WITH TIME ZONE',
      'type of local': 'TIMESTAMP',
      'type of day': 'DATE',
      day: new Date('2026-11-20'),
      big: 9_007_199_254_740_993n,
      huge: 18_446_744_073_709_551_615n,
      small: -7,
      'type of small': 'TINYINT',
      share: 0.5,
      'type of share': 'FLOAT',
      yes: true,
      pair: [1, 0.25],
      'type of pair': 'FLOAT[]',
    });
    expect(rows[1]).toMatchObject({ ad_id: '', kind: null, day: null, big: null, share: null, pair: null });
  });

  test('of several batches has all of them, in order', async ({ read }) => {
    const tables = [0, 1, 2].map((batch) => {
      const numbers = Array.from({ length: 5_000 }, (_, i) => batch * 5_000 + i);
      return new Table({ n: vectorFromArray(numbers, new Int32()) });
    });
    const rows = await read(tableToIPC(new Table(tables.flatMap(({ batches }) => batches)), 'stream'));
    expect(rows.map(({ n }) => n)).toEqual(Array.from({ length: 15_000 }, (_, i) => i));
  });

  test('of more rows than a service takes is refused', async ({ read }) => {
    const rows = new Table({
      n: vectorFromArray(
        Array.from({ length: 20_001 }, () => 1),
        new Int32(),
      ),
    });
    await expect(read(tableToIPC(rows, 'stream'))).rejects.toMatchObject({
      code: 'SPINE_INVALID',
      message: expect.stringContaining('has 20001 rows; the service takes at most 20000') as string,
    });
  });

  test('of a type that no set can hold is refused by the name of the column', async ({ read }) => {
    const child = data([1], new Int32());
    const type = new Struct([new Field('x', child.type, true)]);
    const nested = makeData({ type, length: 1, nullCount: 0, children: [child] });
    await expect(read(streamOf({ ad_id: data(['a'], new Utf8()), nested }))).rejects.toMatchObject({
      code: 'SPINE_INVALID',
      message: expect.stringMatching(/^spine\.arrows: column nested is Struct.*convert/) as string,
    });
  });

  test('that is none, ends early or claims more rows than it has bytes is refused', async ({ read }) => {
    const whole = streamOf({ ad_id: data(['ad-1'.repeat(1_000)], new Utf8()) });
    const empty = makeData({ type: new Struct([]), length: 2 ** 40, nullCount: 0, children: [] });
    const bomb = tableToIPC(new Table([new RecordBatch(new Schema([]), empty)]), 'stream');
    for (const bytes of [Buffer.from('ad_id,event_timestamp\n'), whole.subarray(0, 2_000), bomb])
      await expect(read(bytes)).rejects.toMatchObject({
        code: expect.stringMatching(/^(DATA_FILE|SPINE)_INVALID$/) as string,
        message: expect.stringContaining('spine.arrows') as string,
      });
  });
});
