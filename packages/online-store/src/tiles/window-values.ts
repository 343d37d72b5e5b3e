/*
 * Budget: 1.5 µs for 4 windows × 5 aggregates over 56 tiles, and no allocation. Nothing here may build an object per tile or
 * feature: that belongs in the compilation.
 */
import { DistinctSketch } from '@larder/features';
import {
  firstTileAt,
  TILE_HEADER_BYTES,
  tileLayout,
  type AggregateSlot,
  type TileLayout,
  type WindowedSchema,
  type WindowSlot,
} from './tile-layout.ts';
import { tileIndex, TileWalk, u16 } from './walk-tiles.ts';

/** One feature of a windowed view: an aggregate over a window. */
export interface WindowFeature {
  readonly window: number;
  readonly aggregate: AggregateSlot;
}

/** The features of a windowed view in the order of its schema: aggregate by aggregate, and within one, window by window. */
export function windowFeatures(view: WindowedSchema, layout: TileLayout): readonly WindowFeature[] {
  const features = layout.aggregates.flatMap((aggregate) =>
    layout.windows.map((_, window) => ({ window, aggregate })),
  );
  if (features.length !== view.schema.length)
    throw new Error(`The view has ${view.schema.length} features, not ${features.length}.`);
  return features;
}

/** The windows of one row at one moment. */
export class WindowValues {
  readonly #layout: TileLayout;
  readonly #walk: TileWalk;
  /** Places in the walk of the tiles that window w covers: from `#from[w]` to `#to[w]`, exclusive. */
  readonly #from: Int32Array;
  readonly #to: Int32Array;
  readonly #sketch = new DistinctSketch();
  // a DataView over the row itself would be allocated for each row, and readDoubleLE boxes its result
  #bytes = new Uint8Array(0);
  #numbers = new DataView(this.#bytes.buffer);

  constructor(view: WindowedSchema) {
    this.#layout = tileLayout(view);
    this.#walk = new TileWalk(this.#layout);
    this.#from = new Int32Array(this.#layout.windows.length);
    this.#to = new Int32Array(this.#layout.windows.length);
  }

  /** Moves to a row and a moment. False for a row of another schema or format, or a damaged one: it has no values. */
  moveTo(row: Buffer, nowMs: number): boolean {
    if (!this.#walk.walk(row)) return false;
    if (this.#bytes.length < row.length) {
      this.#bytes = new Uint8Array(2 * row.length);
      this.#numbers = new DataView(this.#bytes.buffer);
    }
    row.copy(this.#bytes);
    const { windows } = this.#layout;
    const { starts, offsets } = this.#walk;
    for (let w = 0; w < windows.length; w++) {
      const slot = windows[w] as WindowSlot;
      const first = firstTileAt(slot, nowMs);
      const last = Math.floor(nowMs / slot.hopMs);
      let from = starts[w] as number;
      let to = starts[w + 1] as number;
      while (from < to && tileIndex(row, offsets[from] as number) < first) from++;
      while (to > from && tileIndex(row, offsets[to - 1] as number) > last) to--;
      this.#from[w] = from;
      this.#to[w] = to;
    }
    return true;
  }

  /** NaN: null, the window has no value. */
  valueOf({ window, aggregate }: WindowFeature): number {
    const { place } = aggregate;
    switch (aggregate.function) {
      case 'count':
      case 'sum':
        return this.#sum(window, place);
      case 'mean': {
        const count = this.#sum(window, place + 1);
        return count === 0 ? Number.NaN : this.#sum(window, place) / count;
      }
      case 'min':
        return this.#extreme(window, place, -1);
      case 'max':
        return this.#extreme(window, place, 1);
      case 'last':
        return this.#last(window, place);
      case 'approximate_distinct':
        return this.#distinct(window, place);
      default:
        return aggregate.function satisfies never;
    }
  }

  /** Tiles of a window that count at the moment. */
  tilesOf(window: number): number {
    return (this.#to[window] as number) - (this.#from[window] as number);
  }

  /** Index of the oldest tile that counts; null: none does. */
  oldestTileOf(window: number): number | null {
    if (this.tilesOf(window) === 0) return null;
    return tileIndex(this.#bytes, this.#walk.offsets[this.#from[window] as number] as number);
  }

  #number(tile: number, place: number): number {
    const at = (this.#walk.offsets[tile] as number) + TILE_HEADER_BYTES + 8 * place;
    return this.#numbers.getFloat64(at, true);
  }

  #sum(window: number, place: number): number {
    const to = this.#to[window] as number;
    let sum = 0;
    for (let tile = this.#from[window] as number; tile < to; tile++) sum += this.#number(tile, place);
    return sum;
  }

  #extreme(window: number, place: number, sign: 1 | -1): number {
    const to = this.#to[window] as number;
    let found = Number.NaN;
    for (let tile = this.#from[window] as number; tile < to; tile++) {
      const value = this.#number(tile, place);
      // a NaN is no value; the first value replaces the NaN
      if (!(sign * value <= sign * found) && value === value) found = value;
    }
    return found;
  }

  /** Tiles are disjoint in time: the newest one that has a value has the last. */
  #last(window: number, place: number): number {
    const from = this.#from[window] as number;
    for (let tile = (this.#to[window] as number) - 1; tile >= from; tile--) {
      const value = this.#number(tile, place);
      if (value === value) return value;
    }
    return Number.NaN;
  }

  #distinct(window: number, place: number): number {
    const to = this.#to[window] as number;
    const bytes = this.#bytes;
    this.#sketch.clear();
    for (let tile = this.#from[window] as number; tile < to; tile++) {
      let at = (this.#walk.offsets[tile] as number) + this.#layout.fixedBytes;
      for (let s = 0; s < place; s++) at += 2 + u16(bytes, at);
      this.#sketch.merge(bytes, at + 2, at + 2 + u16(bytes, at));
    }
    return this.#sketch.estimate();
  }
}
