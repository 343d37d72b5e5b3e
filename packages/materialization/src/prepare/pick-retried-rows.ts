import { listRetriedRows, type RunStore } from '../runs/index.ts';
import type { PreparedRows } from './prepare-rows.ts';

interface RowIdentity {
  readonly entityKey: string | null;
  readonly eventTimestampMs: number | null;
}

/**
 * Selects the failed rows from all rows of the failed keys: the others landed with the chunk that is being retried. A
 * row whose event timestamp has changed (it was fixed) cannot be distinguished from the others of its key: all of them
 * are retried.
 */
export async function pickRetriedRows(
  store: RunStore,
  chunkId: number,
  prepared: PreparedRows,
): Promise<PreparedRows> {
  const retried = await listRetriedRows(store, chunkId);
  const exact = new Set(retried.map(identity));
  const there = new Set(
    [...prepared.rows, ...prepared.failures].filter((row) => row.entityKey !== null).map(identity),
  );
  // A row that failed because it had no event timestamp may have one now.
  const anyTime = new Set(
    retried
      .filter((row) => row.eventTimestampMs === null || !there.has(identity(row)))
      .map((row) => row.entityKey),
  );
  const isRetried = (row: RowIdentity): boolean =>
    row.entityKey !== null && (anyTime.has(row.entityKey) || exact.has(identity(row)));
  return {
    ...prepared,
    rows: prepared.rows.filter(isRetried),
    failures: prepared.failures.filter(isRetried),
  };
}

function identity({ entityKey, eventTimestampMs }: RowIdentity): string {
  return `${eventTimestampMs} ${entityKey}`;
}
