import type { FeatureViewManifest } from '@larder/features';
import { rowEventTimestampMs, rowHasSchema } from './row-header.ts';

export type ViewStatus = 'PRESENT' | 'NOT_FOUND' | 'OUTSIDE_MAX_AGE';

/** What this reading of a view is worth now: TTL holds here, whatever Redis still keeps; a row of another schema does not count. */
export function viewStatus(
  row: Buffer | null,
  view: Pick<FeatureViewManifest, 'schema_fingerprint' | 'ttl_ms'>,
  nowMs: number,
): ViewStatus {
  if (row === null || !rowHasSchema(row, view.schema_fingerprint)) return 'NOT_FOUND';
  if (view.ttl_ms !== 'forever' && nowMs - rowEventTimestampMs(row) > view.ttl_ms) return 'OUTSIDE_MAX_AGE';
  return 'PRESENT';
}
