import { DistinctSketch } from '@larder/features';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readRowHeader } from '../rows/row-header.ts';
import { orderAt } from '../testing/views.ts';
import { statsView } from '../testing/windowed-views.ts';
import { compileTileCodec, type Tile } from './tile-codec.ts';

const codec = compileTileCodec(statsView);

const sketch = fc.array(fc.nat(5_000), { maxLength: 600 }).map((values) => {
  const made = new DistinctSketch();
  for (const value of values) made.add(String(value));
  return Uint8Array.from(made.encode());
});
const number = fc.double({ noNaN: true });
const maybe = fc.option(number, { nil: null });
const tile = fc.record({
  window: fc.nat(2),
  index: fc.nat(2 ** 32 - 1),
  version: fc.nat(2 ** 48 - 1),
  states: fc.tuple(number, sketch, number, number, maybe, maybe, sketch, number, maybe),
});
const tiles = fc.uniqueArray(tile, { selector: ({ window, index }) => `${window} ${index}`, maxLength: 12 });

const byPlace = (a: Tile, b: Tile) => a.window - b.window || a.index - b.index;

test('any tiles come back as they were, by window and index', () => {
  fc.assert(
    fc.property(tiles, (written) => {
      const decoded = codec.decode(codec.encode(orderAt(7, 8, 9), written));
      expect(decoded?.header).toEqual({ ...orderAt(7, 8, 9), format: 2, schemaFingerprint: 0x57a75001 });
      expect(decoded?.tiles).toEqual(written.toSorted(byPlace));
    }),
    { numRuns: 50 },
  );
});

const change = fc.record({ at: fc.nat(4_000), byte: fc.nat(255) });

test('a row of another length is not decoded', () => {
  fc.assert(
    fc.property(tiles, fc.integer({ min: -60, max: 60 }), (written, more) => {
      const row = codec.encode(orderAt(1), written);
      const other = Buffer.concat([row, Buffer.alloc(60, 1)]).subarray(0, row.length + more);
      expect(codec.decode(other) === null).toBe(more !== 0);
    }),
    { numRuns: 100 },
  );
});

test('whatever was changed, a row is decoded in whole or not at all', () => {
  fc.assert(
    fc.property(tiles, fc.array(change, { maxLength: 5 }), (written, changes) => {
      const row = codec.encode(orderAt(1), written);
      for (const { at, byte } of changes) row[at % row.length] = byte;
      const decoded = codec.decode(row);
      expect(decoded === null || codec.encode(decoded.header, decoded.tiles).length === row.length).toBe(
        true,
      );
    }),
    { numRuns: 200 },
  );
});

test('random bytes behind a header are decoded in whole or not at all', () => {
  const header = codec.encode(orderAt(1), []).subarray(0, 22);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3_000 }), (bytes) => {
      const row = Buffer.concat([header, bytes]);
      const decoded = codec.decode(row);
      expect(decoded === null || codec.encode(decoded.header, decoded.tiles).length === row.length).toBe(
        true,
      );
    }),
  );
});

function rowOf(made: readonly Partial<Tile>[]): Buffer {
  const empty = [0, new Uint8Array(0), 0, 0, null, null, new Uint8Array(0), 0, null];
  return codec.encode(
    orderAt(1),
    made.map((own, at) => ({ window: 0, index: at, version: 1, states: empty, ...own })),
  );
}

const TILE_BYTES = 10 + 7 * 8 + 2 * 2;

test.each<[string, (row: Buffer) => void]>([
  ['tiles that do not ascend', (row) => row.writeUInt32LE(1, 24)],
  ['more tiles than there are bytes', (row) => row.writeUInt16LE(3, 22)],
  ['a tile that is not there', (row) => row.writeUInt16LE(1, row.length - 2)],
  ['a sketch beyond the end of the row', (row) => row.writeUInt16LE(60_000, 24 + TILE_BYTES - 2)],
  ['a sketch that takes the next tile', (row) => row.writeUInt16LE(TILE_BYTES, 24 + TILE_BYTES - 2)],
  ['another schema', (row) => row.writeUInt32BE(1, 1)],
  ['another format', (row) => row.writeUInt8(3, 0)],
])('%s are damage', (_, damage) => {
  const row = rowOf([{}, {}]);
  expect(codec.decode(row)?.tiles).toHaveLength(2);
  damage(row);
  expect(codec.decode(row)).toBeNull();
});

test('a sketch of another length than sketches have is damage', () => {
  const row = rowOf([{ states: [1, new Uint8Array(0), 0, 0, null, null, Buffer.from([65, 0]), 0, null] }]);
  expect(codec.decode(row)?.tiles).toHaveLength(1);
  // the last windows have no tiles: the sketch and its length are just before their counts
  const shorter = Buffer.concat([row.subarray(0, -5), row.subarray(-4)]);
  shorter.writeUInt16LE(1, shorter.length - 7);
  expect(codec.decode(shorter)).toBeNull();
});

test('more tiles than the longest window can need are damage', () => {
  // 1h by 5m: 12 hops, the running one, and two for events from the future and clocks that differ
  expect(codec.layout.windows.map(({ maxTiles }) => maxTiles)).toEqual([15, 14, 73]);
  expect(codec.decode(rowOf(Array.from({ length: 15 }, () => ({}))))).not.toBeNull();
  expect(codec.decode(rowOf(Array.from({ length: 16 }, () => ({}))))).toBeNull();
});

test.each<[string, Partial<Tile>]>([
  ['version', { version: 2 ** 48 }],
  ['version', { version: -1 }],
  ['index', { index: 2 ** 32 }],
  ['index', { index: -1 }],
  ['index', { index: 0.5 }],
  ['window', { window: 3 }],
  ['9 states', { states: [] }],
  ['sketch', { states: [0, null, 0, 0, null, null, new Uint8Array(0), 0, null] }],
  ['sketch', { states: [0, Buffer.from([1]), 0, 0, null, null, new Uint8Array(0), 0, null] }],
])('a tile that does not fit is a defect: %s', (what, own) => {
  expect(() => rowOf([own])).toThrow(what);
});

test('the same tile twice is a defect', () => {
  expect(() => rowOf([{ index: 4 }, { index: 4 }])).toThrow('Tile 4 comes twice');
});

test('a row without tiles has a header and a count for each window', () => {
  const row = rowOf([]);
  expect(row).toHaveLength(22 + 3 * 2);
  expect(readRowHeader(row)).toMatchObject({ format: 2, ...orderAt(1) });
});
