/*
 * Budget: what the tensor decoders cost. Nothing here may allocate: these loops run for every row of every request.
 */
import type { FieldValue } from '@larder/features';
import type { Plan, PlanView, TensorStep, TensorView } from '../plan/compiled-plan.ts';
import { usableRow, type Batch } from '../readings/read-views.ts';
import { valueOf, type StepResult } from '../on-demand/run-on-demand.ts';

/** A float32 matrix [capacity, plan.width] and the same memory as bytes. */
export interface Tensor {
  readonly floats: Float32Array;
  readonly bytes: Uint8Array;
}

export function createTensor(plan: Plan, rows: number): Tensor {
  const floats = new Float32Array(rows * plan.width);
  return { floats, bytes: new Uint8Array(floats.buffer) };
}

/** Stored features of a request's row, decoded into one row of the tensor. */
export function fillFromViews(
  batch: Batch,
  row: number,
  into: { readonly tensor: Tensor; readonly row: number },
): void {
  const { plan } = batch;
  const start = into.row * plan.width;
  for (let i = 0; i < plan.tensorViews.length; i++) {
    const { view, decoder, column } = plan.tensorViews[i] as TensorView;
    const stored = usableRow(batch, row, plan.views[view] as PlanView);
    decoder.decodeInto(stored, into.tensor.floats, into.tensor.bytes, start + column);
  }
}

/** On-demand features of the row that ran last. */
export function fillFromSteps(
  plan: Plan,
  results: readonly StepResult[],
  into: { readonly tensor: Tensor; readonly row: number },
): void {
  const start = into.row * plan.width;
  const missing = plan.model.missing === 'nan' ? Number.NaN : plan.model.missing;
  for (let i = 0; i < plan.tensorSteps.length; i++) {
    const { step, features } = plan.tensorSteps[i] as TensorStep;
    const result = results[step] as StepResult;
    for (let k = 0; k < features.length; k++) {
      const { output, column, width } = features[k] as TensorStep['features'][number];
      put(into.tensor.floats, { start: start + column, width, missing }, valueOf(result, output));
    }
  }
}

function put(
  floats: Float32Array,
  at: { readonly start: number; readonly width: number; readonly missing: number },
  value: FieldValue,
): void {
  if (typeof value === 'number') floats[at.start] = value;
  else if (value === null) floats.fill(at.missing, at.start, at.start + at.width);
  else if (value instanceof Float32Array) floats.set(value, at.start);
  else floats[at.start] = value === true ? 1 : 0;
}
