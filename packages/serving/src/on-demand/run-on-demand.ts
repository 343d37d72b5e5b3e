/*
 * Budget: the cost of evaluation (packages/features). The inputs are read from the packed rows one by one: nothing here
 * may allocate per row.
 */
import type { LarderError } from '@larder/core';
import {
  createRowEvaluator,
  type FieldValue,
  type OnDemandInputs,
  type OnDemandResult,
} from '@larder/features';
import type { PlanView, StoredReader } from '../plan/compiled-plan.ts';
import { usableRow, type Batch } from '../batch.ts';
import { sharedInputs } from './shared-inputs.ts';

export interface OnDemandRun {
  /** Evaluates every on-demand feature view for one row; returns the error of one that failed, or null. The results are in `results`. */
  run(row: number): LarderError | null;
  /** False when the last row reused the results of the row before it. */
  changed(): boolean;
  /** Results of the last row, indexed like the plan's on-demand feature views. */
  readonly results: readonly OnDemandResult[];
}

export function createOnDemandRun(batch: Batch): OnDemandRun {
  const inputs = new PackedInputs(batch);
  const evaluator = createRowEvaluator(batch.plan.onDemand, inputs, sharedInputs(batch));
  return {
    results: evaluator.results,
    changed: () => evaluator.changed(),
    run: (row) => evaluator.evaluate(inputs.moveTo(row)),
  };
}

/** The inputs of the functions for one row: its request fields, and the packed rows of the store. */
class PackedInputs implements OnDemandInputs {
  readonly #batch: Batch;
  #row = 0;
  #request: readonly FieldValue[] | null = null;

  constructor(batch: Batch) {
    this.#batch = batch;
  }

  /** True when the row has the same request fields as the row before it: rows without members of their own share one array. */
  moveTo(row: number): boolean {
    const before = this.#request;
    this.#row = row;
    this.#request = this.#batch.inputs.requests[row] as readonly FieldValue[];
    return this.#request === before;
  }

  requestField(place: number): FieldValue {
    return (this.#request as readonly FieldValue[])[place] as FieldValue;
  }

  storedFeature(view: number, place: number): FieldValue {
    const { plan } = this.#batch;
    const stored = plan.storedReaders[view] as StoredReader;
    const row = usableRow(this.#batch, this.#row, plan.views[stored.view] as PlanView);
    return stored.reader.valueAt(row, place, this.#batch.readings.nowMs);
  }
}
