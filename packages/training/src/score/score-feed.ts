/*
 * Budget: 3 ns per float of the one tensor of a model. Nothing here may build an object per row.
 */
import type { ColumnBatch } from '@larder/archive';
import type { FieldManifest, FieldValue } from '@larder/features';
import { newTensorData, type Feed, type ModelInput, type TensorData } from '@larder/model-runtime';
import { fromDuckdb } from '../training-set/on-demand/from-duckdb.ts';
import type { ScorePlan, TensorPart } from './score-plan.ts';

/** What the model gets for a batch. */
export interface ScoreFeed {
  readonly feed: Feed;
  /** Copies the features that the file has. */
  fillGiven(batch: ColumnBatch): void;
  put(part: TensorPart, row: number, value: FieldValue): void;
}

export interface FeedOptions {
  readonly rows: number;
  /** Inputs of the loaded model. */
  readonly inputs: readonly ModelInput[];
  /** Value of the model for what is missing. */
  readonly missing: number;
}

export function createFeed(plan: ScorePlan, options: FeedOptions): ScoreFeed {
  return plan.tensors === null ? new FloatFeed(plan, options) : new TypedFeed(plan, options);
}

/** Values of a column, as functions get them. */
export function valuesOf(field: FieldManifest, batch: ColumnBatch, place = -1): FieldValue[] {
  const convert = fromDuckdb(field);
  return batch.values(place).map((value) => (value === null ? null : convert(value)));
}

/** The one float32 tensor of most models; `tensorColumn` has filled what is missing. */
class FloatFeed implements ScoreFeed {
  readonly feed: Float32Array;
  readonly #plan: ScorePlan;
  readonly #missing: number;

  constructor(plan: ScorePlan, { rows, missing }: FeedOptions) {
    this.feed = new Float32Array(rows * plan.width);
    this.#plan = plan;
    this.#missing = missing;
  }

  fillGiven(batch: ColumnBatch): void {
    const { given, width } = this.#plan;
    for (const part of given)
      if (part.field.type !== 'vector')
        copyColumn(this.feed, batch.floats(part.selected), part.column, width);
      else this.#copyVectors(batch.floats(part.selected, part.width), part);
  }

  put({ column, width, defaultValue }: TensorPart, row: number, given: FieldValue): void {
    const value = given ?? defaultValue;
    const at = row * this.#plan.width + column;
    if (value === null) this.feed.fill(this.#missing, at, at + width);
    else if (value instanceof Float32Array) this.feed.set(value, at);
    else this.feed[at] = Number(value);
  }

  #copyVectors(from: Float32Array, { column, width }: TensorPart): void {
    const { feed } = this;
    const missing = this.#missing;
    for (let read = 0, to = column; read < from.length; to += this.#plan.width)
      for (let at = to; at < to + width; at++) {
        const value = from[read++] as number;
        feed[at] = Number.isNaN(value) ? missing : value;
      }
  }
}

function copyColumn(to: Float32Array, from: Float32Array, column: number, stride: number): void {
  for (let row = 0, at = column; row < from.length; row++, at += stride) to[at] = from[row] as number;
}

/** A tensor of its own type for each named input. */
class TypedFeed implements ScoreFeed {
  readonly feed: readonly TensorData[];
  readonly #plan: ScorePlan;
  readonly #options: FeedOptions;

  constructor(plan: ScorePlan, options: FeedOptions) {
    this.feed = options.inputs.map(({ type, width }) => newTensorData(type, width * options.rows));
    this.#plan = plan;
    this.#options = options;
  }

  fillGiven(batch: ColumnBatch): void {
    for (const part of this.#plan.given) {
      const values = valuesOf(part.field, batch, part.selected);
      for (let row = 0; row < values.length; row++) this.put(part, row, values[row] ?? null);
    }
  }

  put({ tensor, column, width, defaultValue }: TensorPart, row: number, given: FieldValue): void {
    const { inputs, missing } = this.#options;
    const at = row * (inputs[tensor] as ModelInput).width + column;
    const data = this.feed[tensor] as TensorData;
    const value = given ?? defaultValue;
    if (value instanceof Float32Array) (data as Float32Array).set(value, at);
    else if (Array.isArray(data)) data[at] = typeof value === 'string' ? value : '';
    else if (data instanceof BigInt64Array) data[at] = BigInt((value ?? missing) as number);
    else (data as Float32Array).fill(value === null ? missing : Number(value), at, at + width);
  }
}
