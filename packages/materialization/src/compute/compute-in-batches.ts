import { isLarderError, type LarderError } from '@larder/core';
import type { RowOutcome } from '@larder/features';
import type { MaterializedView } from '../materializer/loaded-views.ts';
import type { SuppliedComputation } from '../predictions/prediction-models.ts';
import { BATCHES_PER_THREAD, type ComputePool } from './compute-pool.ts';
import { checkOutcome, type CheckedFeatures } from '../prepare/check-features.ts';
import type { BatchMemoryOf } from './value-memory/batch-memory.ts';
import type { PreparedRow } from '../prepare/prepare-rows.ts';

export interface BatchOptions {
  readonly view: MaterializedView;
  readonly pool: () => ComputePool;
  readonly batchRows: number;
  /** Number of this attempt at the chunk: each starts at a different row. */
  readonly attempt: number;
  /** True when every row is expected to fail, so that none of them says anything about the others. */
  readonly retried: boolean;
  /** Null: nothing is remembered of the rows. */
  readonly memoryOf: BatchMemoryOf | null;
  /** In place of the view's own computation; null: it has one. */
  readonly supplied: SuppliedComputation | null;
  /** Stops between batches; running batches finish. */
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, failed: number) => void;
}

/** Range from `start` up to, but not including, `end`. */
interface Batch {
  readonly start: number;
  readonly end: number;
}

/** When this many rows failed alone and none succeeded, the computation is broken, not the rows. */
const HOPELESS_ROWS = 16;
/** The attempts at a chunk start evenly spread over it: a block of bad rows makes only one of them give up. */
const BEGINNINGS = 5;

/**
 * Computes the features of each row in the thread pool. A batch that fails as a whole is halved down to single rows, so
 * that a row that breaks it fails alone. @throws COMPUTATION_FAILED when no row could be computed
 */
export async function computeInBatches(
  rows: readonly PreparedRow[],
  options: BatchOptions,
): Promise<CheckedFeatures[]> {
  const { view, signal } = options;
  const pool = options.pool();
  const artifacts =
    options.supplied?.artifacts ??
    Object.fromEntries(
      Object.entries(view.manifest.compute?.artifacts ?? {}).map(([name, { sha256 }]) => [name, sha256]),
    );
  const checked: CheckedFeatures[] = [];
  const waiting = batchesOf(rows.length, options);
  let done = 0;
  let failed = 0;
  let anyComputed = options.retried;
  let failedAlone = 0;

  const take = (at: number, features: CheckedFeatures): void => {
    checked[at] = features;
    if (features.ok) done++;
    else failed++;
  };
  const halve = ({ start, end }: Batch, error: LarderError): void => {
    if (end - start > 1) {
      const middle = Math.ceil((start + end) / 2);
      waiting.unshift({ start, end: middle }, { start: middle, end });
      return;
    }
    failedAlone++;
    if (!anyComputed && failedAlone >= HOPELESS_ROWS) throw error;
    const { code, message: reason, retryable } = error;
    take(start, checkOutcome(view.manifest, rowAt(start), { failure: { code, reason, retryable } }));
  };
  const rowAt = (at: number): PreparedRow => {
    const row = rows[at];
    if (!row) throw new Error(`A batch has row ${at} of ${rows.length}.`);
    return row;
  };
  const lane = async (): Promise<void> => {
    for (let batch = waiting.shift(); batch; batch = waiting.shift()) {
      signal.throwIfAborted();
      const { start, end } = batch;
      const batchRows = rows.slice(start, end);
      let outcomes: readonly RowOutcome[];
      try {
        outcomes = await pool.compute({
          viewRef: view.ref,
          definition: view.definition,
          artifacts,
          supplied: options.supplied ?? undefined,
          rows: batchRows.map((row) => row.source),
          memory: options.memoryOf?.(batchRows),
        });
      } catch (error) {
        // A closing pool also fails its batches.
        signal.throwIfAborted();
        if (!isLarderError(error) || error.code !== 'COMPUTATION_FAILED') throw error;
        halve(batch, error);
        options.onProgress(done, failed);
        continue;
      }
      anyComputed = true;
      for (const [at, outcome] of outcomes.entries())
        take(start + at, checkOutcome(view.manifest, rowAt(start + at), outcome));
      options.onProgress(done, failed);
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: BATCHES_PER_THREAD }, lane));
  const broken = lanes
    .filter((result) => result.status === 'rejected')
    .map((result) => result.reason as unknown);
  // Our own error says more than the abort that it caused.
  if (broken.length > 0) throw broken.find(isLarderError) ?? broken[0];
  return checked;
}

function batchesOf(rows: number, { batchRows: mostRows, attempt }: BatchOptions): Batch[] {
  // Even a small chunk has a batch for each lane: a run's last chunks use every thread.
  const batchRows = Math.min(mostRows, Math.ceil(rows / BATCHES_PER_THREAD));
  const batches: Batch[] = [];
  for (let start = 0; start < rows; start += batchRows)
    batches.push({ start, end: Math.min(start + batchRows, rows) });
  const first = Math.floor((batches.length * ((attempt - 1) % BEGINNINGS)) / BEGINNINGS);
  return [...batches.slice(first), ...batches.slice(0, first)];
}
