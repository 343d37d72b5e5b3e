import { rowEventTimestampMs } from '../rows/row-header.ts';
import type { RowSchema } from '../rows/row-layout.ts';
import { compileTileCodec } from '../tiles/tile-codec.ts';
import { isWindowed } from '../tiles/tile-layout.ts';

const NO_EVENT_MS = -(2 ** 47);
const NO_EVENT = { eventTimestampMs: NO_EVENT_MS, createdTimestampMs: NO_EVENT_MS, revision: 0 };

/**
 * The row that a reader uses for an entity that has none: of a windowed view one without tiles, whose windows are empty; null for
 * any other view. Compiled once, not to be changed.
 */
export function compileRowIfAbsent(view: RowSchema): Buffer | null {
  return isWindowed(view) ? compileTileCodec(view).encode(NO_EVENT, []) : null;
}

/** False for the row in place of none: its times and revision say nothing. Allocates nothing. */
export function wasWritten(row: Buffer): boolean {
  return rowEventTimestampMs(row) !== NO_EVENT_MS;
}
