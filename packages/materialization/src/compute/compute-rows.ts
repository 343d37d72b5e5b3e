import type { HistoryRow } from '@larder/offline-store';
import type { LandedFailure } from '../runs/index.ts';
import type { ComputePool } from './compute-pool.ts';
import { checkSourceRow } from '../prepare/check-features.ts';
import type { PreparedRow } from '../prepare/prepare-rows.ts';
import { computeInBatches } from './compute-in-batches.ts';
import type { MaterializedView } from '../materializer/loaded-views.ts';

export interface ComputeRowsOptions {
  readonly view: MaterializedView;
  readonly pool: () => ComputePool;
  readonly batchRows: number;
  readonly chunkId: number;
  /** Of the chunk: each begins at another row. */
  readonly attempt: number;
  /** Every row is known to fail, so none of them says anything about the others. */
  readonly retried: boolean;
  readonly revision: number;
  /** Stops between batches; what is under way is left to end. */
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, failed: number) => void;
}

export interface ComputedRows {
  readonly rows: readonly HistoryRow[];
  readonly failures: readonly LandedFailure[];
}

/** The features of each row, in batches through the thread pool, or straight from the columns. */
export async function computeRows(
  rows: readonly PreparedRow[],
  options: ComputeRowsOptions,
): Promise<ComputedRows> {
  const checked =
    options.view.manifest.compute === null
      ? rows.map((row) => checkSourceRow(options.view.manifest, row))
      : await computeInBatches(rows, options);
  const computed: HistoryRow[] = [];
  const failures: LandedFailure[] = [];
  for (const [at, row] of rows.entries()) {
    const features = checked[at];
    if (!features) throw new Error('A row was left out.');
    if (!features.ok) failures.push(features.failure);
    else
      computed.push({
        keys: row.keys,
        eventTimestampMs: row.eventTimestampMs,
        createdTimestampMs: row.createdTimestampMs,
        revision: options.revision,
        chunkId: options.chunkId,
        inputHash: row.inputHash,
        values: features.values,
      });
  }
  return { rows: computed, failures };
}
