import type { RowOrder } from '@larder/core';
import { isSketchLength } from '@larder/features';
import {
  ROW_HEADER_BYTES,
  TILE_FORMAT,
  readRowHeader,
  writeRowHeader,
  type RowHeader,
} from '../rows/row-header.ts';
import { TILE_HEADER_BYTES, tileLayout, type TileLayout, type WindowedSchema } from './tile-layout.ts';
import { compileTileRowCheck, tileIndex, TileWalk, u16 } from './walk-tiles.ts';

/** What the events of one stretch of time come to: [index · hop, (index + 1) · hop) since the epoch. */
export interface Tile {
  /** Index of the window in the manifest. */
  readonly window: number;
  readonly index: number;
  /** Grows with each change of the tile, below 2^48. */
  readonly version: number;
  /**
   * By the view's aggregates, in their order: count, sum: a number; mean: two, sum and count; min, max, last: a number, or null
   * without a value; approximate_distinct: `DistinctSketch.encode`.
   */
  readonly states: readonly (number | null | Uint8Array)[];
}

export interface DecodedTiles {
  readonly header: RowHeader;
  readonly tiles: readonly Tile[];
}

export interface TileCodec {
  readonly layout: TileLayout;
  /** A row of format 2; tiles in any order. @throws Error when a tile does not fit the view, or comes twice */
  encode(order: RowOrder, tiles: readonly Tile[]): Buffer;
  /** The tiles by window and index; null when the row is of another schema or format, or damaged. */
  decode(row: Buffer): DecodedTiles | null;
}

const MAX_INDEX = 2 ** 32;
const MAX_VERSION = 2 ** 48;

/** The packed row of one windowed view version (docs/reference/redis-layout.md). */
export function compileTileCodec(view: WindowedSchema): TileCodec {
  const layout = tileLayout(view);
  const isReadable = compileTileRowCheck(layout);
  const walk = new TileWalk(layout);
  const isSketch = layout.aggregates.flatMap(({ function: name }) =>
    name === 'mean' ? [false, false] : [name === 'approximate_distinct'],
  );

  return {
    layout,
    encode(order, tiles) {
      const byWindow = layout.windows.map((_, w) =>
        tiles.filter(({ window }) => window === w).toSorted((a, b) => a.index - b.index),
      );
      const placed = byWindow.reduce((sum, { length }) => sum + length, 0);
      if (placed < tiles.length) throw new Error('A tile is of a window that the view does not have.');
      const bytes = tiles.reduce(
        (sum, tile) => sum + tileBytes(layout, tile),
        ROW_HEADER_BYTES + 2 * byWindow.length,
      );
      const row = Buffer.allocUnsafe(bytes);
      writeRowHeader(row, layout.schemaFingerprint, order);
      row[0] = TILE_FORMAT;
      let at = ROW_HEADER_BYTES;
      for (const ofWindow of byWindow) {
        at = row.writeUInt16LE(ofWindow.length, at);
        for (const [t, tile] of ofWindow.entries()) {
          if (tile.index === ofWindow[t + 1]?.index) throw new Error(`Tile ${tile.index} comes twice.`);
          at = writeTile(row, at, tile);
        }
      }
      return row;
    },

    decode(row) {
      if (!isReadable(row)) return null;
      walk.walk(row);
      const tiles: Tile[] = [];
      for (let window = 0; window < layout.windows.length; window++)
        for (let t = walk.starts[window] as number; t < (walk.starts[window + 1] as number); t++)
          tiles.push(readTile(row, walk.offsets[t] as number, window));
      return { header: readRowHeader(row) as RowHeader, tiles };
    },
  };

  function writeTile(row: Buffer, start: number, { index, version, states }: Tile): number {
    if (states.length !== isSketch.length)
      throw new Error(`A tile of the view has ${isSketch.length} states.`);
    if (!Number.isInteger(index) || index < 0 || index >= MAX_INDEX)
      throw new Error(`The index of a tile must be an integer below 2^32, not ${index}.`);
    if (!Number.isInteger(version) || version < 0 || version >= MAX_VERSION)
      throw new Error(`The version of a tile must be an integer below 2^48, not ${version}.`);
    let at = row.writeUInt32LE(index, start);
    at = row.writeUIntLE(version, at, 6);
    for (const [s, state] of states.entries())
      if (isSketch[s] === false) at = row.writeDoubleLE((state as number | null) ?? Number.NaN, at);
    for (const [s, state] of states.entries()) {
      if (isSketch[s] === false) continue;
      if (!(state instanceof Uint8Array) || !isSketchLength(state.length))
        throw new Error(`State ${s} of a tile must be a sketch.`);
      at = row.writeUInt16LE(state.length, at);
      row.set(state, at);
      at += state.length;
    }
    return at;
  }

  function readTile(row: Buffer, start: number, window: number): Tile {
    let number = start + TILE_HEADER_BYTES;
    let sketch = start + layout.fixedBytes;
    const states = isSketch.map((is) => {
      if (is) {
        const from = sketch + 2;
        sketch = from + u16(row, sketch);
        return Uint8Array.from(row.subarray(from, sketch));
      }
      const value = row.readDoubleLE(number);
      number += 8;
      return Number.isNaN(value) ? null : value;
    });
    return { window, index: tileIndex(row, start), version: row.readUIntLE(start + 4, 6), states };
  }
}

function tileBytes({ fixedBytes }: TileLayout, { states }: Tile): number {
  return states.reduce<number>(
    (sum, state) => (state instanceof Uint8Array ? sum + 2 + state.length : sum),
    fixedBytes,
  );
}
