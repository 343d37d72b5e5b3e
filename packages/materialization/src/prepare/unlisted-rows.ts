import type { LandedFailure } from '../runs/index.ts';
import type { SourceBounds } from '@larder/sources';

export interface UnlistedRows {
  /** Failed rows that no failure of their own stands for. */
  readonly count: number;
  /** One that says how many there are. */
  readonly failures: readonly LandedFailure[];
}

/** Rows without a key that the chunk did not read, as reading more of them would say nothing new. */
export function unlistedRows(bounds: SourceBounds, scannedRows: number): UnlistedRows {
  if (bounds.kind !== 'null_keys' || scannedRows < bounds.maxRows || bounds.rows <= scannedRows)
    return { count: 0, failures: [] };
  const count = bounds.rows - scannedRows;
  const failure = {
    entityKey: null,
    keys: null,
    eventTimestampMs: null,
    code: 'ENTITY_KEY_INVALID',
    reason: `${count} further rows of the source have no join key either; they count as failed and are not listed.`,
    retryable: false,
  };
  return { count, failures: [failure] };
}
