import type { AggregateManifest, FeatureViewManifest } from '@larder/features';
import type { RowSchema } from '../rows/row-layout.ts';

/** What the layout needs of a windowed view's manifest. */
export interface WindowedSchema extends RowSchema {
  readonly windowed: NonNullable<FeatureViewManifest['windowed']>;
}

/** True for a view whose rows hold tiles. */
export function isWindowed<View extends RowSchema>(view: View): view is View & WindowedSchema {
  return view.windowed !== undefined;
}

/** Writers' and readers' clocks may differ by this, and events may be from the future by as much. */
export const CLOCK_ALLOWANCE_MS = 5 * 60_000;

/** Bytes of a tile before its states: index u32, version u48. */
export const TILE_HEADER_BYTES = 10;

/** Where the state of an aggregate is in each tile. */
export interface AggregateSlot {
  readonly function: AggregateManifest['function'];
  /** Place of its first number (a mean has two: sum and count) or of its sketch. */
  readonly place: number;
}

export interface WindowSlot {
  readonly windowMs: number;
  readonly hopMs: number;
  /** Most tiles that a row has. */
  readonly maxTiles: number;
}

/** Format 2: header · for each window: number of tiles u16, the tiles, ascending by index. */
export interface TileLayout {
  readonly schemaFingerprint: number;
  readonly windows: readonly WindowSlot[];
  readonly aggregates: readonly AggregateSlot[];
  /** Numbers of a tile, float64 each. */
  readonly numbers: number;
  /** Sketches of a tile, after its numbers: length u16 and bytes each. */
  readonly sketches: number;
  /** Bytes of a tile before its sketches. */
  readonly fixedBytes: number;
  /** How long a row is needed at most: from its last write until its newest tile has left every window. */
  readonly ttlMs: number;
}

export function tileLayout(view: WindowedSchema): TileLayout {
  let numbers = 0;
  let sketches = 0;
  const aggregates = view.windowed.aggregates.map(({ function: name }) => {
    const slot = { function: name, place: name === 'approximate_distinct' ? sketches : numbers };
    if (name === 'approximate_distinct') sketches += 1;
    else numbers += name === 'mean' ? 2 : 1;
    return slot;
  });
  const windows = view.windowed.windows.map(({ window_ms: windowMs, hop_ms: hopMs }) => ({
    windowMs,
    hopMs,
    maxTiles: windowMs / hopMs + 1 + Math.ceil((2 * CLOCK_ALLOWANCE_MS) / hopMs),
  }));
  return {
    schemaFingerprint: view.schema_fingerprint,
    windows,
    aggregates,
    numbers,
    sketches,
    fixedBytes: TILE_HEADER_BYTES + 8 * numbers,
    ttlMs: Math.max(...windows.map(({ windowMs, hopMs }) => windowMs + hopMs)) + CLOCK_ALLOWANCE_MS,
  };
}

/** The first tile that a window covers at this moment; its last is `Math.floor(nowMs / hopMs)`. */
export function firstTileAt({ windowMs, hopMs }: WindowSlot, nowMs: number): number {
  return Math.floor((nowMs - windowMs) / hopMs);
}
