/*
 * Budget: 2 ns per tile without sketches. Runs once per row that is checked and once per row that is decoded: nothing here may
 * allocate.
 */
import { isSketchLength } from '@larder/features';
import { ROW_HEADER_BYTES, rowHasSchema, TILE_FORMAT } from '../rows/row-header.ts';
import type { TileLayout, WindowSlot } from './tile-layout.ts';

/** Where the tiles of the last row that was walked are; reused for every row of a view. */
export class TileWalk {
  /** Offset of each tile, of one window after another. */
  readonly offsets: Int32Array;
  /** Place in `offsets` of the first tile of window w; one more at the end. */
  readonly starts: Int32Array;
  readonly #layout: TileLayout;

  constructor(layout: TileLayout) {
    this.#layout = layout;
    this.offsets = new Int32Array(layout.windows.reduce((sum, { maxTiles }) => sum + maxTiles, 0));
    this.starts = new Int32Array(layout.windows.length + 1);
  }

  /**
   * False for a row that is not of this format and schema, or damaged: it ends too early or too late, or the tiles of a window are
   * too many or do not ascend, or a sketch has another length than sketches have.
   */
  walk(row: Buffer): boolean {
    const { windows, fixedBytes, sketches, schemaFingerprint } = this.#layout;
    if (!rowHasSchema(row, schemaFingerprint, TILE_FORMAT)) return false;
    const end = row.length;
    let at = ROW_HEADER_BYTES;
    let place = 0;
    for (let w = 0; w < windows.length; w++) {
      this.starts[w] = place;
      if (at + 2 > end) return false;
      const tiles = u16(row, at);
      at += 2;
      if (tiles > (windows[w] as WindowSlot).maxTiles) return false;
      for (let t = 0, before = -1; t < tiles; t++) {
        if (at + fixedBytes > end) return false;
        const index = tileIndex(row, at);
        if (index <= before) return false;
        before = index;
        this.offsets[place++] = at;
        at += fixedBytes;
        for (let s = 0; s < sketches; s++) {
          if (at + 2 > end) return false;
          const bytes = u16(row, at);
          if (!isSketchLength(bytes)) return false;
          at += 2 + bytes;
        }
      }
    }
    this.starts[windows.length] = place;
    return at === end;
  }
}

/** The one check of what is readable, as `compileRowCheck` for rows of format 1. */
export function compileTileRowCheck(layout: TileLayout): (row: Buffer) => boolean {
  const walk = new TileWalk(layout);
  return (row) => walk.walk(row);
}

export function tileIndex(bytes: Uint8Array, at: number): number {
  return u16(bytes, at) + 65_536 * u16(bytes, at + 2);
}

export function u16(bytes: Uint8Array, at: number): number {
  return (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
}
