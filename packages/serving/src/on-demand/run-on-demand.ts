/*
 * Budget: what evaluating costs (packages/features). The inputs are read off the packed rows one by one: nothing here may
 * allocate per row.
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

export interface OnDemandRun {
  /** Evaluates every on-demand feature view for one row; why one failed, or null. The results are in `results`. */
  run(row: number): LarderError | null;
  /** False when the row that ran last has the results of the row before it. */
  changed(): boolean;
  /** Of the row that ran last, by the places of the plan's on-demand feature views. */
  readonly results: readonly OnDemandResult[];
}

export function createOnDemandRun(batch: Batch): OnDemandRun {
  const inputs = new PackedInputs(batch);
  const evaluator = createRowEvaluator(batch.plan.onDemand, inputs);
  return {
    results: evaluator.results,
    changed: () => evaluator.changed(),
    run: (row) => evaluator.evaluate(inputs.moveTo(row)),
  };
}

/** What the functions read of a request's row: its request fields, and the store's rows as they are packed. */
class PackedInputs implements OnDemandInputs {
  readonly #batch: Batch;
  #row = 0;
  #request: readonly FieldValue[] | null = null;

  constructor(batch: Batch) {
    this.#batch = batch;
  }

  /** True when the row has the request fields of the row before it: rows without their own share one array. */
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
    return stored.reader.valueAt(row, place);
  }
}
