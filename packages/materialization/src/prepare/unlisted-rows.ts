import type { LandedFailure } from '../runs/index.ts';
import type { SourceBounds } from '@larder/sources';

export interface UnlistedRows {
  /** Failed rows without a failure of their own. */
  readonly count: number;
  /** A failure with their number. */
  readonly failures: readonly LandedFailure[];
}

/** Rows without a key that the chunk did not read, because more of them add no information. */
export function unlistedRows(bounds: SourceBounds, scannedRows: number): UnlistedRows {
  if (bounds.kind !== 'null_keys' || scannedRows < bounds.maxRows || bounds.rows <= scannedRows)
    return { count: 0, failures: [] };
  const count = bounds.rows - scannedRows;
  const failure = {
    entityKey: null,
    keys: null,
    eventTimestampMs: null,
    code: 'ENTITY_KEY_INVALID',
    reason: `${count} more rows of the source have no join key; they count as failed and are not listed.`,
    retryable: false,
  };
  return { count, failures: [failure] };
}
