/*
 * Budget: the cost of the tensor decoders. Nothing here may allocate per row: these loops run for every row of every
 * request.
 */
import { onDemandValue, type FieldValue, type OnDemandResult } from '@larder/features';
import type { TensorMemory } from '@larder/online-store';
import { usableRow, type Batch } from '../batch.ts';
import type { RowSink } from './row-sink.ts';
import type { CompiledPlan, OnDemandColumn, PlanView, TensorView } from '../plan/compiled-plan.ts';

/** A float32 matrix [capacity, plan.width]. */
export type Tensor = TensorMemory;

export function createTensor(plan: CompiledPlan, rows: number): Tensor {
  const floats = new Float32Array(rows * plan.width);
  return { floats, bytes: new Uint8Array(floats.buffer) };
}

/**
 * Decodes the stored features of every valid row into the tensor, row by row. A row of the same entity as the row before,
 * such as the user for whom ads are ranked, gets its columns copied.
 */
export function fillFromViews(batch: Batch, tensor: Tensor): void {
  const { plan, inputs, readings } = batch;
  const { slots } = inputs;
  const groups = plan.groups.length;
  let start = 0;
  let before = -1;
  for (let row = 0; row < inputs.errors.length; row++) {
    if (inputs.errors[row] !== null) continue;
    for (let i = 0; i < plan.tensorViews.length; i++) {
      const { view, decoder, column } = plan.tensorViews[i] as TensorView;
      const read = plan.views[view] as PlanView;
      if (before >= 0 && slots[row * groups + read.group] === slots[before * groups + read.group])
        copyColumns(tensor.floats, start - plan.width + column, { to: start + column, width: decoder.width });
      else decoder.decodeInto(usableRow(batch, row, read), tensor, start + column, readings.nowMs);
    }
    start += plan.width;
    before = row;
  }
}

/** Below this, a loop is faster than the call of `copyWithin`. */
const FEW_COLUMNS = 16;

function copyColumns(
  floats: Float32Array,
  from: number,
  { to, width }: { readonly to: number; readonly width: number },
): void {
  if (width > FEW_COLUMNS) floats.copyWithin(to, from, from + width);
  else for (let at = 0; at < width; at++) floats[to + at] = floats[from + at] as number;
}

/** Writes on-demand features to the tensor row by row, after each evaluation. */
export class OnDemandFill implements RowSink {
  readonly #plan: CompiledPlan;
  readonly #floats: Float32Array;
  readonly #missing: number;

  constructor(plan: CompiledPlan, tensor: Tensor) {
    this.#plan = plan;
    this.#floats = tensor.floats;
    this.#missing = plan.model.missing === 'nan' ? Number.NaN : plan.model.missing;
  }

  fill(place: number, _row: number, results: readonly OnDemandResult[]): void {
    const { onDemandColumns, width } = this.#plan;
    const start = place * width;
    for (let i = 0; i < onDemandColumns.length; i++) {
      const to = onDemandColumns[i] as OnDemandColumn;
      const value = onDemandValue(results[to.view] as OnDemandResult, to.feature);
      if (value === null) this.#floats.fill(this.#missing, start + to.column, start + to.column + to.width);
      else put(this.#floats, start + to.column, value);
    }
  }

  clear(place: number): void {
    const { width } = this.#plan;
    this.#floats.fill(0, place * width, (place + 1) * width);
  }
}

function put(floats: Float32Array, at: number, value: FieldValue): void {
  if (typeof value === 'number') floats[at] = value;
  else if (value instanceof Float32Array) floats.set(value, at);
  else floats[at] = value === true ? 1 : 0;
}
