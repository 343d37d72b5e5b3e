import type { FeatureViewManifest } from '@larder/features';
import { compileRowCheck } from '../rows/row-check.ts';
import { isGoneRow } from '../rows/gone-row.ts';
import { rowEventTimestampMs } from '../rows/row-header.ts';
import { type RowSchema, rowLayout } from '../rows/row-layout.ts';
import { isWindowed, tileLayout } from '../tiles/tile-layout.ts';
import { compileTileRowCheck } from '../tiles/walk-tiles.ts';

/** `UNREADABLE`: there are bytes, but they are damaged, or of a schema or format that this code cannot read. */
export type ViewStatus = 'PRESENT' | 'NOT_FOUND' | 'OUTSIDE_MAX_AGE' | 'UNREADABLE';

/** Status of a row at this moment; only a `PRESENT` row may be decoded for an answer. */
export type ViewStatusOf = (row: Buffer | null, nowMs: number) => ViewStatus;

/**
 * Compiles the check that every reader of a view applies: its TTL holds here, whatever Redis still keeps. A windowed view always
 * has values, so no row is `PRESENT` too: read `compileRowIfAbsent` in its place.
 */
export function compileTtlAtRead(view: RowSchema & Pick<FeatureViewManifest, 'ttl_ms'>): ViewStatusOf {
  if (isWindowed(view)) {
    const hasTiles = compileTileRowCheck(tileLayout(view));
    return (row) => (row === null || hasTiles(row) ? 'PRESENT' : 'UNREADABLE');
  }
  const isReadable = compileRowCheck(rowLayout(view));
  const maxAgeMs = view.ttl_ms === 'forever' ? Infinity : view.ttl_ms;
  return (row, nowMs) => {
    if (row === null) return 'NOT_FOUND';
    if (!isReadable(row)) return isGoneRow(row) ? 'NOT_FOUND' : 'UNREADABLE';
    return nowMs - rowEventTimestampMs(row) > maxAgeMs ? 'OUTSIDE_MAX_AGE' : 'PRESENT';
  };
}
