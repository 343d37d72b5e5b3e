import { listRetriedRows, type RunStore } from '@larder/offline-store/runs';
import type { PreparedRows } from './prepare-rows.ts';

interface RowIdentity {
  readonly entityKey: string | null;
  readonly eventTimestampMs: number | null;
}

/** Of all rows of the keys that failed, those that did: the others landed with the chunk that is being retried. */
export async function pickRetriedRows(
  store: RunStore,
  chunkId: number,
  prepared: PreparedRows,
): Promise<PreparedRows> {
  const retried = await listRetriedRows(store, chunkId);
  const exact = new Set(retried.map(({ entityKey, eventTimestampMs }) => `${eventTimestampMs} ${entityKey}`));
  // A row that failed for want of an event timestamp may have one now.
  const anyTime = new Set(retried.filter((row) => row.eventTimestampMs === null).map((row) => row.entityKey));
  const isRetried = ({ entityKey, eventTimestampMs }: RowIdentity): boolean =>
    entityKey !== null && (anyTime.has(entityKey) || exact.has(`${eventTimestampMs} ${entityKey}`));
  return {
    ...prepared,
    rows: prepared.rows.filter(isRetried),
    failures: prepared.failures.filter(isRetried),
  };
}
