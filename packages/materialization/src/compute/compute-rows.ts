import type { HistoryRow } from '@larder/offline-store';
import type { LandedFailure } from '../runs/index.ts';
import { checkSourceRow } from '../prepare/check-features.ts';
import type { PreparedRow } from '../prepare/prepare-rows.ts';
import { computeInBatches, type BatchOptions } from './compute-in-batches.ts';

export interface ComputeRowsOptions extends BatchOptions {
  readonly chunkId: number;
  readonly revision: number;
}

export interface ComputedRows {
  readonly rows: readonly HistoryRow[];
  readonly failures: readonly LandedFailure[];
}

/** Computes the features of each row, in batches in the thread pool, or directly from the columns. */
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
    if (!features) throw new Error('A row has no features.');
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
