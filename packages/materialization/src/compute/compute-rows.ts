import type { HistoryRow } from '@larder/offline-store';
import type { LandedFailure } from '../runs/index.ts';
import { checkSourceRow, type CheckedFeatures } from '../prepare/check-features.ts';
import type { PreparedRow } from '../prepare/prepare-rows.ts';
import { predictionOf } from '@larder/features';
import { MODEL_VERSION_COLUMN } from '@larder/sources';
import type { PredictionModels } from '../predictions/prediction-models.ts';
import { computeInBatches, type BatchOptions } from './compute-in-batches.ts';

/** Most rows of one run of a model. */
const PREDICTED_ROWS = 2_048;

export interface ComputeRowsOptions extends Omit<BatchOptions, 'supplied'> {
  readonly models: PredictionModels;
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
  const checked = await checkedRows(rows, options);
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

async function checkedRows(
  rows: readonly PreparedRow[],
  options: ComputeRowsOptions,
): Promise<readonly CheckedFeatures[]> {
  const { manifest: view } = options.view;
  if (view.compute === null) return rows.map((row) => checkSourceRow(view, row));
  const prediction = predictionOf(view);
  const [first] = rows;
  if (prediction === null || first === undefined)
    return computeInBatches(rows, { ...options, supplied: null });
  // What was read is for this version, whatever is live by now.
  const version = first.source[MODEL_VERSION_COLUMN] as number;
  const { computation } = await options.models.at(prediction.model, version);
  const supplied = { ...computation, options: { ...computation.options, request: prediction.request } };
  // A model runs best on many rows, as many as `larder score` gives it.
  return computeInBatches(rows, {
    ...options,
    supplied,
    batchRows: Math.max(options.batchRows, PREDICTED_ROWS),
  });
}
