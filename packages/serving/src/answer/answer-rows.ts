import { newId, type LarderError } from '@larder/core';
import type { Batch } from '../batch.ts';
import { LoggedOnDemand } from '../log/on-demand-members.ts';
import { createOnDemandRun } from '../on-demand/run-on-demand.ts';
import type { PredictedRow } from '../predictor.ts';
import { countOnDemand, type ReadingCounts } from '../readings/reading-counts.ts';
import type { RowSink } from '../tensor/row-sink.ts';
import { degradedReasons } from './degraded-reasons.ts';
import { showFeatures } from './show-features.ts';

/** A row being answered. */
export interface AnsweredRow extends PredictedRow {
  /** Index in the request. */
  readonly row: number;
  /** For the log; null when nothing is logged, or the model reads no on-demand feature view. */
  readonly onDemand: LoggedOnDemand | null;
}

export type AnsweredRows = readonly (AnsweredRow | LarderError)[];

/** Runs the on-demand functions row by row, hands their results to the tensors, and builds each row's answer except its outputs. */
export function answerRows(
  batch: Batch,
  columns: RowSink,
  wanted: { readonly features: boolean; readonly log: boolean; readonly counts: ReadingCounts },
): AnsweredRows {
  const { plan, inputs } = batch;
  const onDemandRun = createOnDemandRun(batch);
  const rows = new Array<AnsweredRow | LarderError>(inputs.errors.length);
  let place = -1;
  const logged = wanted.log && plan.onDemand.views.length > 0;
  let onDemand: LoggedOnDemand | null = null;
  for (let r = 0; r < rows.length; r++) {
    const invalid = inputs.errors[r] as LarderError | null;
    if (invalid !== null) {
      rows[r] = invalid;
      continue;
    }
    place += 1;
    const failed = onDemandRun.run(r);
    if (failed !== null) {
      rows[r] = failed;
      columns.clear(place);
      continue;
    }
    columns.fill(place, r, onDemandRun.results);
    countOnDemand(wanted.counts, plan, onDemandRun.results);
    if (logged && onDemandRun.changed()) onDemand = new LoggedOnDemand(plan, onDemandRun.results);
    rows[r] = {
      row: r,
      predictionId: newId(),
      place,
      degradedReasons: degradedReasons(batch, r),
      outputs: null,
      features: wanted.features ? showFeatures(batch, r, onDemandRun.results) : null,
      onDemand,
    };
  }
  return rows;
}
