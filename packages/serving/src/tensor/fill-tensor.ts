/*
 * Budget: what the tensor decoders cost. Nothing here may allocate: these loops run for every row of every request.
 */
import { onDemandValue, type FieldValue, type OnDemandResult } from '@larder/features';
import type { CompiledPlan, OnDemandColumn, PlanView, TensorView } from '../plan/compiled-plan.ts';
import { usableRow, type Batch } from '../readings/read-views.ts';

/** A float32 matrix [capacity, plan.width] and the same memory as bytes. */
export interface Tensor {
  readonly floats: Float32Array;
  readonly bytes: Uint8Array;
}

export function createTensor(plan: CompiledPlan, rows: number): Tensor {
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
export function fillFromOnDemand(
  plan: CompiledPlan,
  results: readonly OnDemandResult[],
  into: { readonly tensor: Tensor; readonly row: number },
): void {
  const start = into.row * plan.width;
  const missing = plan.model.missing === 'nan' ? Number.NaN : plan.model.missing;
  for (let i = 0; i < plan.onDemandColumns.length; i++) {
    const { view, feature, column, width } = plan.onDemandColumns[i] as OnDemandColumn;
    const value = onDemandValue(results[view] as OnDemandResult, feature);
    put(into.tensor.floats, { start: start + column, width, missing }, value);
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
