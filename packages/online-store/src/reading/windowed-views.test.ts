import { expect, test } from 'vitest';
import { orderAt } from '../testing/views.ts';
import { statsView, tilesOf, windowsAt, type ShownEvent } from '../testing/windowed-views.ts';
import { compileTileCodec } from '../tiles/tile-codec.ts';
import { compileRowIfAbsent, wasWritten } from './row-if-absent.ts';
import { compileTensorDecoder } from './tensor-decoder.ts';
import { compileTtlAtRead } from './ttl-at-read.ts';
import { compileValueReader } from './value-reader.ts';

const NOW = 1_795_200_000_000;
const MISSING = -7;
const NAMES = statsView.schema.map(({ name }) => name);

const codec = compileTileCodec(statsView);
const reader = compileValueReader(statsView, NAMES);
const absent = compileRowIfAbsent(statsView) as Buffer;

const events: ShownEvent[] = [0, 7, 55, 64, 300, 1_500].map((minutes, at) => ({
  atMs: NOW - minutes * 60_000,
  bid: at === 2 ? null : 0.5 * at - 1,
  user: `user-${at % 4}`,
  page: 'home',
}));
const row = codec.encode(
  orderAt(NOW, NOW + 3, 9),
  tilesOf(events.filter(({ atMs }) => NOW - atMs < 86_400_000)),
);

function decoded(bytes: Buffer | null, names: readonly string[], nowMs = NOW): number[] {
  const floats = new Float32Array(names.length + 2).fill(99);
  const tensor = { floats, bytes: new Uint8Array(floats.buffer) };
  compileTensorDecoder(statsView, names, MISSING).decodeInto(bytes, tensor, 1, nowMs);
  return [...floats];
}

test('a reader and a tensor decoder have the windows at the moment of the request', () => {
  for (const nowMs of [NOW, NOW + 299_999, NOW + 3_600_000, NOW + 20 * 3_600_000]) {
    const values = reader.read(row, nowMs);
    expect(Object.fromEntries(NAMES.map((name, at) => [name, values[at]]))).toEqual(windowsAt(events, nowMs));
    const columns = values.map((value) => Math.fround((value ?? MISSING) as number));
    expect(decoded(row, NAMES, nowMs)).toEqual([99, ...columns, 99]);
    expect(NAMES.map((_, place) => reader.valueAt(row, place, nowMs))).toEqual(values);
  }
});

test('some features, in any order', () => {
  const names = ['bid_max_1h', 'shown_1d', 'users_1h'];
  expect(compileValueReader(statsView, names).read(row, NOW)).toEqual([-0.5, 5, 3]);
  expect(decoded(row, names)).toEqual([99, -0.5, 5, 3, 99]);
  expect(() => compileValueReader(statsView, ['shown_7d'])).toThrow('no feature shown_7d');
});

test('an entity without a row is present, and its windows are empty', () => {
  const statusOf = compileTtlAtRead(statsView);
  expect([statusOf(null, NOW), statusOf(absent, NOW), statusOf(row, NOW)]).toEqual(Array(3).fill('PRESENT'));
  expect([wasWritten(absent), wasWritten(row)]).toEqual([false, true]);
  expect(reader.read(absent, NOW)).toEqual(Object.values(windowsAt([], NOW)));
  expect(decoded(absent, ['shown_1h', 'bid_sum_1d', 'users_1h', 'bid_mean_1h'])).toEqual([
    99,
    0,
    0,
    0,
    MISSING,
    99,
  ]);
});

test('a windowed view is never too old: its windows are empty by then', () => {
  expect(compileTtlAtRead(statsView)(row, NOW + 1e12)).toBe('PRESENT');
  expect(reader.read(row, NOW + 1e12)).toEqual(reader.read(absent, NOW));
});

test('a damaged row, a row of format 1 and one of another schema are unreadable, and all missing', () => {
  const other = compileTileCodec({ ...statsView, schema_fingerprint: 1 }).encode(orderAt(NOW), []);
  const format1 = Object.assign(Buffer.from(row), { 0: 1 });
  const gone = Object.assign(Buffer.from(row.subarray(0, 22)), { 0: 0 });
  for (const bytes of [row.subarray(0, -1), other, format1, gone, Buffer.alloc(0)]) {
    expect(compileTtlAtRead(statsView)(bytes, NOW)).toBe('UNREADABLE');
    expect(reader.read(bytes, NOW)).toEqual(NAMES.map(() => null));
    expect(decoded(bytes, ['shown_1h', 'bid_mean_1h'])).toEqual([99, MISSING, MISSING, 99]);
  }
});

test('decoding allocates nothing', () => {
  const decoder = compileTensorDecoder(statsView, NAMES, Number.NaN);
  const floats = new Float32Array(decoder.width);
  const tensor = { floats, bytes: new Uint8Array(floats.buffer) };
  const statusOf = compileTtlAtRead(statsView);
  const read = (times: number) => {
    for (let i = 0; i < times; i++) {
      const bytes = (i & 1) === 0 ? row : absent;
      if (statusOf(bytes, NOW) === 'PRESENT') decoder.decodeInto(bytes, tensor, 0, NOW);
    }
  };
  read(10_000); // the optimizing compiler has done its work, and made its garbage
  const times = 30_000;
  const leastGrowth = Math.min(
    ...Array.from({ length: 5 }, () => {
      const before = process.memoryUsage().heapUsed;
      read(times);
      return Math.abs(process.memoryUsage().heapUsed - before);
    }),
  );
  // one boxed number (16 bytes) per row would be 0.5 MB; a collection of other garbage spoils one round, not all
  expect(leastGrowth).toBeLessThan(4 * times);
});
