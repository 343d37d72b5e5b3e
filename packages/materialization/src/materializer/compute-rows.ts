import { isLarderError } from '@larder/core';
import type { HistoryRow } from '@larder/offline-store';
import type { LandedFailure } from '@larder/offline-store/runs';
import { BATCHES_PER_THREAD, type ComputePool } from '../compute/compute-pool.ts';
import { checkOutcome, checkSourceRow, type CheckedFeatures } from '../landing/check-features.ts';
import type { PreparedRow } from '../landing/prepare-rows.ts';
import type { MaterializedView } from './loaded-views.ts';

export interface ComputeRowsOptions {
  readonly view: MaterializedView;
  readonly pool: () => ComputePool;
  readonly batchRows: number;
  readonly chunkId: number;
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

async function computeInBatches(
  rows: readonly PreparedRow[],
  options: ComputeRowsOptions,
): Promise<CheckedFeatures[]> {
  const { view, signal } = options;
  const pool = options.pool();
  const checked: CheckedFeatures[] = [];
  // A small chunk has a batch for each lane too: a run's last chunks occupy every thread.
  const batchRows = Math.min(options.batchRows, Math.ceil(rows.length / BATCHES_PER_THREAD));
  let next = 0;
  let done = 0;
  let failed = 0;
  const lane = async (): Promise<void> => {
    while (next < rows.length) {
      signal.throwIfAborted();
      const start = next;
      next += batchRows;
      const batch = rows.slice(start, next);
      const outcomes = await pool.compute({
        viewRef: view.ref,
        fingerprint: view.manifest.fingerprint,
        rows: batch.map((row) => row.source),
      });
      for (const [at, row] of batch.entries()) {
        const outcome = outcomes[at];
        if (!outcome) throw new Error('The pool gave fewer outcomes than rows.');
        const features = checkOutcome(view.manifest, row, outcome);
        checked[start + at] = features;
        if (features.ok) done++;
        else failed++;
      }
      options.onProgress(done, failed);
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: BATCHES_PER_THREAD }, lane));
  const broken = lanes
    .filter((result) => result.status === 'rejected')
    .map((result) => result.reason as unknown);
  // An error of ours says more than the abort it led to.
  if (broken.length > 0) throw broken.find(isLarderError) ?? broken[0];
  return checked;
}
