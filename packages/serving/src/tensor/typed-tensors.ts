/*
 * The inputs of models that take several, by name and type. Their memory is made for each request: the one float32 tensor
 * of other models has a path and a pool of its own.
 */
import type { FieldValue, OnDemandResult } from '@larder/features';
import { newTensorData, type ModelInput, type TensorData } from '@larder/model-runtime';
import { usableRow, type Batch } from '../batch.ts';
import type { PlanTensor, PlanView, TypedColumn } from '../plan/compiled-plan.ts';
import type { RowSink } from './row-sink.ts';

export class TypedTensors implements RowSink {
  readonly feed: readonly TensorData[];
  readonly #batch: Batch;
  readonly #inputs: readonly ModelInput[];
  readonly #missing: number;

  constructor(batch: Batch, inputs: readonly ModelInput[]) {
    this.#batch = batch;
    this.#inputs = inputs;
    this.#missing = batch.plan.model.missing === 'nan' ? Number.NaN : batch.plan.model.missing;
    this.feed = inputs.map(({ type, width }) => newTensorData(type, width * batch.inputs.goodRows));
  }

  fill(place: number, row: number, results: readonly OnDemandResult[]): void {
    const tensors = this.#batch.plan.tensors as readonly PlanTensor[];
    for (const [i, { columns }] of tensors.entries()) {
      const start = place * (this.#inputs[i] as ModelInput).width;
      for (const column of columns) this.#put(i, start + column.column, { column, row, results });
    }
  }

  /** A fresh feed holds zeros and empty texts. */
  clear(): void {}

  #put(
    input: number,
    at: number,
    { column, row, results }: { column: TypedColumn; row: number; results: readonly OnDemandResult[] },
  ): void {
    const value = this.#valueOf(column, row, results) ?? column.defaultValue;
    const data = this.feed[input] as TensorData;
    if (value instanceof Float32Array) (data as Float32Array).set(value, at);
    else if (Array.isArray(data)) data[at] = typeof value === 'string' ? value : '';
    else if (data instanceof BigInt64Array) data[at] = BigInt((value ?? this.#missing) as number);
    else
      for (let i = at; i < at + column.width; i++)
        (data as Float32Array)[i] = value === null ? this.#missing : Number(value);
  }

  #valueOf(column: TypedColumn, row: number, results: readonly OnDemandResult[]): FieldValue {
    const { plan, readings } = this.#batch;
    if (column.reader === null) return (results[column.view] as OnDemandResult)[column.name] ?? null;
    const stored = usableRow(this.#batch, row, plan.views[column.view] as PlanView);
    return column.reader.valueAt(stored, 0, readings.nowMs);
  }
}
