import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { compileTileCodec, type Tile } from './tile-codec.ts';
import type { WindowedSchema } from './tile-layout.ts';

interface StoredRow extends WindowedSchema {
  readonly row_hex: string;
}

// Written by the first release that has windows: never change this file. A new format gets its own fixture beside it.
const stored = JSON.parse(
  readFileSync(new URL('../rows/fixtures/row-format-2.json', import.meta.url), 'utf8'),
) as StoredRow;

const ORDER = { eventTimestampMs: 1_795_200_000_123, createdTimestampMs: 1_795_200_004_567, revision: 42 };
const TILES: Tile[] = [
  { window: 0, index: 5_983_999, version: 7, states: [2, sketch(3), 0.75, 1, null] },
  { window: 0, index: 5_984_000, version: 2 ** 40 + 5, states: [1, sketch(0), 0, 0, -1.5] },
  { window: 1, index: 20_777, version: 9, states: [3, sketch(600), 1e300, 2, 4] },
];

/** So many registers, from the last on down, with ranks of their own. */
function sketch(registers: number): Uint8Array {
  const ranks = Array.from({ length: 1_024 }, (_, at) => (at >= 1_024 - registers ? 1 + (at % 55) : 0));
  if (registers > 511) return Uint8Array.from(ranks);
  return Uint8Array.from(
    ranks.flatMap((rank, register) => {
      const entry = register * 64 + rank;
      return rank === 0 ? [] : [entry & 0xff, entry >> 8];
    }),
  );
}

test('rows of format 2 stay readable', () => {
  expect(compileTileCodec(stored).decode(Buffer.from(stored.row_hex, 'hex'))).toEqual({
    header: { ...ORDER, format: 2, schemaFingerprint: stored.schema_fingerprint },
    tiles: TILES,
  });
});

test('format 2 is still written the same way', () => {
  expect(compileTileCodec(stored).encode(ORDER, TILES).toString('hex')).toBe(stored.row_hex);
});
