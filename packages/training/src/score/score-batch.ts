/*
 * Budget: 2 ns per float of the tensor, besides the project's own functions and the model. Nothing here may build an
 * object per row, unless a function needs it.
 */
import type { ColumnBatch } from '@larder/archive';
import { isLarderError, LarderError } from '@larder/core';
import {
  createRowEvaluator,
  evaluatePostProcess,
  onDemandValue,
  type FieldManifest,
  type FieldValue,
  type OnDemandInputs,
  type OnDemandResult,
} from '@larder/features';
import type { ModelRunner } from '@larder/model-runtime';
import { fromDuckdb, type Convert } from '../training-set/on-demand/from-duckdb.ts';
import type { ScorePlan } from './score-plan.ts';

/** Values of the outputs, in the plan's order, as the table of scores stores them. */
export type ScoredColumns = readonly ArrayLike<unknown>[];

export interface BatchScorer {
  /** Fills the tensor before it returns: the batch is not read later. */
  score(batch: ColumnBatch, firstRow: number): Promise<ScoredColumns>;
}

export interface ScorerOptions {
  readonly runner: Pick<ModelRunner, 'run'>;
  /** Value of the model for what is missing. */
  readonly missing: number;
  /** As messages name the file. */
  readonly called: string;
}

/** @throws ON_DEMAND_FAILED with the row, MODEL_RUN_FAILED */
export function createBatchScorer(plan: ScorePlan, { runner, missing, called }: ScorerOptions): BatchScorer {
  const { width, postprocess } = plan;
  const evaluation = plan.onDemand.views.length === 0 ? null : new Evaluation(plan, missing);
  return {
    async score(batch, firstRow) {
      const floats = new Float32Array(batch.rows * width);
      copyGiven(plan, { batch, floats, missing });
      const failed = evaluation?.fill(batch, floats) ?? null;
      if (failed !== null) throw failedRow(failed.error, `Row ${firstRow + failed.row + 1} of ${called}`);
      const request = postprocess && requestRows(postprocess.request, postprocess.requestPlaces, batch);
      const outputs = await runner.run(floats, batch.rows);
      if (postprocess === null || request === null)
        return plan.outputs.map(({ name }) => outputs[name] as Float32Array);
      const columns = plan.outputs.map((): unknown[] => []);
      for (let row = 0; row < batch.rows; row++) {
        const given = postprocess.outputs.map(
          ({ name }) => [name, outputs[name]?.[row] ?? Number.NaN] as const,
        );
        const result = evaluatePostProcess(postprocess, {
          outputs: Object.fromEntries(given),
          request: request(row),
        });
        if (isLarderError(result)) throw failedRow(result, `Row ${firstRow + row + 1} of ${called}`);
        for (const [i, feature] of postprocess.features.entries())
          columns[i]?.push(stored(feature.field, onDemandValue(result, feature)));
      }
      return columns;
    },
  };
}

interface Filled {
  readonly batch: ColumnBatch;
  readonly floats: Float32Array;
  readonly missing: number;
}

function copyGiven({ given, width }: ScorePlan, { batch, floats, missing }: Filled): void {
  const { rows } = batch;
  for (const part of given) {
    const from = batch.floats(part.selected);
    if (part.width === 1) {
      for (let row = 0, to = part.column; row < rows; row++, to += width) floats[to] = from[row] as number;
      continue;
    }
    for (let row = 0; row < rows; row++)
      floats.set(from.subarray(row * part.width, (row + 1) * part.width), row * width + part.column);
    if (!Number.isNaN(missing)) replaceNan(floats, { ...part, rows, stride: width, missing });
  }
}

interface Block {
  readonly column: number;
  readonly width: number;
  readonly rows: number;
  readonly stride: number;
  readonly missing: number;
}

function replaceNan(floats: Float32Array, { column, width, rows, stride, missing }: Block): void {
  for (let row = 0; row < rows; row++)
    for (let at = row * stride + column; at < row * stride + column + width; at++)
      if (Number.isNaN(floats[at])) floats[at] = missing;
}

/** The on-demand features of a batch, evaluated row by row. */
class Evaluation implements OnDemandInputs {
  readonly #plan: ScorePlan;
  readonly #missing: number;
  readonly #evaluator: ReturnType<typeof createRowEvaluator>;
  #request: FieldValue[][] = [];
  #stored: FieldValue[][][] = [];
  #row = 0;

  constructor(plan: ScorePlan, missing: number) {
    this.#plan = plan;
    this.#missing = missing;
    this.#evaluator = createRowEvaluator(plan.onDemand, this);
  }

  /** @returns the row that failed, counted within the batch */
  fill(
    batch: ColumnBatch,
    floats: Float32Array,
  ): { readonly row: number; readonly error: LarderError } | null {
    const { onDemand, requestPlaces, storedPlaces } = this.#plan;
    this.#request = onDemand.requestFields.map((field, i) => valuesOf(field, batch, requestPlaces[i]));
    this.#stored = onDemand.storedViews.map(({ features }, v) =>
      features.map((field, i) => valuesOf(field, batch, storedPlaces[v]?.[i])),
    );
    for (let row = 0; row < batch.rows; row++) {
      this.#row = row;
      const error = this.#evaluator.evaluate(row > 0 && this.#isSameRequest());
      if (error !== null) return { row, error };
      this.#put(floats, row);
    }
    return null;
  }

  requestField(place: number): FieldValue {
    return this.#request[place]?.[this.#row] ?? null;
  }

  storedFeature(view: number, place: number): FieldValue {
    return this.#stored[view]?.[place]?.[this.#row] ?? null;
  }

  #isSameRequest(): boolean {
    return this.#request.every((values) => isSame(values[this.#row], values[this.#row - 1]));
  }

  #put(floats: Float32Array, row: number): void {
    const { evaluated, width } = this.#plan;
    for (const { view, feature, column, width: taken } of evaluated) {
      const value = onDemandValue(this.#evaluator.results[view] as OnDemandResult, feature);
      const at = row * width + column;
      if (value === null) floats.fill(this.#missing, at, at + taken);
      else if (value instanceof Float32Array) floats.set(value, at);
      else floats[at] = Number(value);
    }
  }
}

function isSame(one: FieldValue | undefined, other: FieldValue | undefined): boolean {
  if (one instanceof Date && other instanceof Date) return one.getTime() === other.getTime();
  return Object.is(one, other);
}

function valuesOf(field: FieldManifest, batch: ColumnBatch, place = -1): FieldValue[] {
  const convert: Convert = fromDuckdb(field);
  return batch.values(place).map((value) => (value === null ? null : convert(value)));
}

function requestRows(
  fields: readonly FieldManifest[],
  places: readonly number[],
  batch: ColumnBatch,
): (row: number) => Readonly<Record<string, FieldValue>> {
  const columns = fields.map((field, i) => [field.name, valuesOf(field, batch, places[i])] as const);
  return (row) => Object.fromEntries(columns.map(([name, values]) => [name, values[row] ?? null]));
}

/** A value in a column of `storedType`. */
function stored({ type }: FieldManifest, value: FieldValue): unknown {
  if (value === null) return null;
  if (type === 'json') return JSON.stringify(value);
  if (type === 'int64') return BigInt(value as number | bigint);
  if (value instanceof Date) return BigInt(value.getTime());
  return value instanceof Float32Array ? [...value] : value;
}

function failedRow(error: LarderError, where: string): LarderError {
  const cause = error.cause instanceof Error ? ` ${error.cause.message}` : '';
  return new LarderError('ON_DEMAND_FAILED', `${where}: ${error.message}${cause}`, { cause: error });
}
