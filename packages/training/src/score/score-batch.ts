import type { ColumnBatch } from '@larder/archive';
import { isLarderError, LarderError } from '@larder/core';
import {
  createRowEvaluator,
  evaluatePostProcess,
  onDemandValue,
  ownValue,
  type FieldManifest,
  type FieldValue,
  type OnDemandInputs,
  type OnDemandResult,
} from '@larder/features';
import type { ModelRunner } from '@larder/model-runtime';
import { createFeed, valuesOf, type ScoreFeed } from './score-feed.ts';
import type { ScorePlan } from './score-plan.ts';

/** Values of the outputs, in the plan's order, as the table of scores stores them. */
export type ScoredColumns = readonly ArrayLike<unknown>[];

export interface BatchScorer {
  /** Fills the tensor before it returns: the batch is not read later. */
  score(batch: ColumnBatch, firstRow: number): Promise<ScoredColumns>;
}

export interface ScorerOptions {
  readonly runner: Pick<ModelRunner, 'run' | 'inputs'>;
  /** Value of the model for what is missing. */
  readonly missing: number;
  /** As messages name the file. */
  readonly called: string;
}

/** @throws ON_DEMAND_FAILED with the row, MODEL_RUN_FAILED */
export function createBatchScorer(plan: ScorePlan, { runner, missing, called }: ScorerOptions): BatchScorer {
  const { postprocess } = plan;
  const evaluation = plan.onDemand.views.length === 0 ? null : new Evaluation(plan);
  return {
    async score(batch, firstRow) {
      const feed = createFeed(plan, { rows: batch.rows, inputs: runner.inputs, missing });
      feed.fillGiven(batch);
      const failed = evaluation?.fill(batch, feed) ?? null;
      if (failed !== null) throw failedRow(failed.error, `Row ${firstRow + failed.row + 1} of ${called}`);
      const request = postprocess && requestRows(postprocess.request, postprocess.requestPlaces, batch);
      const outputs = await runner.run(feed.feed, batch.rows);
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

/** The on-demand features of a batch, evaluated row by row. */
class Evaluation implements OnDemandInputs {
  readonly #plan: ScorePlan;
  readonly #evaluator: ReturnType<typeof createRowEvaluator>;
  #request: FieldValue[][] = [];
  #stored: FieldValue[][][] = [];
  #row = 0;

  constructor(plan: ScorePlan) {
    this.#plan = plan;
    this.#evaluator = createRowEvaluator(plan.onDemand, this);
  }

  /** @returns the row that failed, counted within the batch */
  fill(batch: ColumnBatch, feed: ScoreFeed): { readonly row: number; readonly error: LarderError } | null {
    const { onDemand, requestPlaces, storedPlaces } = this.#plan;
    this.#request = onDemand.requestFields.map((field, i) => valuesOf(field, batch, requestPlaces[i]));
    this.#stored = onDemand.storedViews.map(({ features }, v) =>
      features.map((field, i) => valuesOf(field, batch, storedPlaces[v]?.[i])),
    );
    for (let row = 0; row < batch.rows; row++) {
      this.#row = row;
      const error = this.#evaluator.evaluate(row > 0 && this.#isSameRequest());
      if (error !== null) return { row, error };
      this.#put(feed, row);
    }
    return null;
  }

  requestField(place: number): FieldValue {
    return this.#request[place]?.[this.#row] ?? null;
  }

  storedFeature(view: number, place: number): FieldValue {
    return ownValue(this.#stored[view]?.[place]?.[this.#row] ?? null);
  }

  #isSameRequest(): boolean {
    return this.#request.every((values) => isSame(values[this.#row], values[this.#row - 1]));
  }

  #put(feed: ScoreFeed, row: number): void {
    for (const part of this.#plan.evaluated)
      feed.put(part, row, (this.#evaluator.results[part.view] as OnDemandResult)[part.name] ?? null);
  }
}

function isSame(one: FieldValue | undefined, other: FieldValue | undefined): boolean {
  if (one instanceof Date && other instanceof Date) return one.getTime() === other.getTime();
  return Object.is(one, other);
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
