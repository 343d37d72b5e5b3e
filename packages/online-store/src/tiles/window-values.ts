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

/** Some features of a windowed view: its schema has them aggregate by aggregate, and within one, window by window. */
export function compileWindowFeatures(
  view: WindowedSchema,
  names: readonly string[],
): readonly WindowFeature[] {
  const { aggregates, windows } = tileLayout(view);
  return names.map((name) => {
    const place = view.schema.findIndex((field) => field.name === name);
    const aggregate = aggregates[Math.floor(place / windows.length)];
    if (place < 0 || aggregate === undefined) throw new Error(`The view has no feature ${name}.`);
    return { window: place % windows.length, aggregate };
  });
}

/** The windows of one row at one moment. */
export class WindowValues {
  /** What was evaluated last; NaN: null, the window has no value. */
  readonly result = new Float64Array(1);
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

  /** Puts the value of a feature into `result[0]`: returned, it would be allocated. */
  evaluate({ window, aggregate }: WindowFeature): void {
    const { place } = aggregate;
    switch (aggregate.function) {
      case 'count':
      case 'sum':
        return this.#sum(window, place);
      case 'mean':
        return this.#mean(window, place);
      case 'min':
        return this.#least(window, place);
      case 'max':
        return this.#greatest(window, place);
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

  #sum(window: number, place: number): void {
    const to = this.#to[window] as number;
    let sum = 0;
    for (let tile = this.#from[window] as number; tile < to; tile++) sum += this.#number(tile, place);
    this.result[0] = sum;
  }

  #mean(window: number, place: number): void {
    const to = this.#to[window] as number;
    let sum = 0;
    let count = 0;
    for (let tile = this.#from[window] as number; tile < to; tile++) {
      sum += this.#number(tile, place);
      count += this.#number(tile, place + 1);
    }
    this.result[0] = count === 0 ? Number.NaN : sum / count;
  }

  // A NaN in a tile is no value. It compares false, and so does the first value with the NaN that it replaces.

  #least(window: number, place: number): void {
    const to = this.#to[window] as number;
    let least = Number.NaN;
    for (let tile = this.#from[window] as number; tile < to; tile++) {
      const value = this.#number(tile, place);
      if (!Number.isNaN(value) && !(value >= least)) least = value;
    }
    this.result[0] = least;
  }

  #greatest(window: number, place: number): void {
    const to = this.#to[window] as number;
    let greatest = Number.NaN;
    for (let tile = this.#from[window] as number; tile < to; tile++) {
      const value = this.#number(tile, place);
      if (!Number.isNaN(value) && !(value <= greatest)) greatest = value;
    }
    this.result[0] = greatest;
  }

  /** Tiles are disjoint in time: the newest one that has a value has the last. */
  #last(window: number, place: number): void {
    const from = this.#from[window] as number;
    let last = Number.NaN;
    for (let tile = (this.#to[window] as number) - 1; tile >= from && Number.isNaN(last); tile--)
      last = this.#number(tile, place);
    this.result[0] = last;
  }

  #distinct(window: number, place: number): void {
    const to = this.#to[window] as number;
    const bytes = this.#bytes;
    this.#sketch.clear();
    for (let tile = this.#from[window] as number; tile < to; tile++) {
      let at = (this.#walk.offsets[tile] as number) + this.#layout.fixedBytes;
      for (let s = 0; s < place; s++) at += 2 + u16(bytes, at);
      this.#sketch.merge(bytes, at + 2, at + 2 + u16(bytes, at));
    }
    this.result[0] = this.#sketch.estimate();
  }
}
