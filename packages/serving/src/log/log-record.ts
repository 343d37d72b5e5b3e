/*
 * Budget: 0.3 µs per row, and one object. A record is an index into its batch, and its members are built when the log
 * renders it, once the answer has been sent; until then it keeps the rows of the store alive.
 */
import { shortestFloat32 } from '@larder/core';
import type { LoggedKey, PredictionRecord, PredictionView, SensitiveFields } from '@larder/offline-store';
import type { AnsweredRow } from '../answer/answer-rows.ts';
import type { Batch } from '../batch.ts';
import type { CompiledPlan } from '../plan/compiled-plan.ts';
import type { PredictRequest, Timings } from '../predictor.ts';
import type { Members } from './on-demand-members.ts';
import { defaultsRead, viewsRead } from './pointers.ts';

/** Data that the records of one request share. */
export interface LoggedBatch {
  readonly batch: Batch;
  readonly request: PredictRequest;
  readonly timings: Timings;
  /** Scalar columns of the tensor, row by row. */
  readonly scalars: Float32Array;
  readonly outputs: Readonly<Record<string, Float32Array>>;
  /** Approximate size of each record. */
  readonly rowBytes: number;
}

/** The part of an answered row that is kept. */
export type LoggedRow = Pick<
  AnsweredRow,
  'row' | 'place' | 'outputs' | 'predictionId' | 'degradedReasons' | 'onDemand'
>;

export function logRecord(batch: LoggedBatch, logged: LoggedRow): PredictionRecord {
  return new BatchRecord(batch, logged);
}

class BatchRecord implements PredictionRecord {
  readonly #batch: LoggedBatch;
  readonly #logged: LoggedRow;
  #values: Members | null = null;

  constructor(batch: LoggedBatch, logged: LoggedRow) {
    this.#batch = batch;
    this.#logged = logged;
  }

  get #plan(): CompiledPlan {
    return this.#batch.batch.plan;
  }

  /** When the features were read and their ages judged: the moment that a point-in-time join asks about. */
  get predictedAtMs(): number {
    return this.#batch.batch.readings.nowMs;
  }

  get predictionId(): string {
    return this.#logged.predictionId;
  }

  get model(): string {
    return this.#plan.model.name;
  }

  get version(): number {
    return this.#plan.version;
  }

  get alias(): string | null {
    return this.#batch.request.alias?.alias ?? null;
  }

  get aliasMoveId(): number | null {
    return this.#batch.request.alias?.moveId ?? null;
  }

  get entities(): Members {
    const { rows, shared } = this.#batch.request;
    return merged(rows[this.#logged.row]?.entities, shared?.entities);
  }

  get entityKeys(): LoggedKey[] {
    const { keysByGroup, slots } = this.#batch.batch.inputs;
    const { groups } = this.#plan;
    return groups.map(({ entity }, g) => {
      const slot = slots[this.#logged.row * groups.length + g] as number;
      return { entity: entity.name, key: keysByGroup[g]?.[slot] as string };
    });
  }

  get request(): Members {
    const { rows, shared } = this.#batch.request;
    return merged(rows[this.#logged.row]?.request, shared?.request);
  }

  get outputs(): Members {
    return this.#logged.outputs ?? this.#artifactOutputs();
  }

  get rawOutputs(): Members | null {
    return this.#logged.outputs === null ? null : this.#artifactOutputs();
  }

  #artifactOutputs(): Members {
    if (this.#values !== null) return this.#values;
    const values: Record<string, number> = {};
    const { outputs } = this.#batch;
    this.#values = values;
    for (const name in outputs)
      values[name] = shortestFloat32((outputs[name] as Float32Array)[this.#logged.place] as number);
    return values;
  }

  get output(): number | null {
    if (this.#logged.outputs !== null) return firstNumber(this.#logged.outputs);
    const first = this.#plan.model.outputs[0]?.name as string;
    return this.#artifactOutputs()[first] as number;
  }

  get scalars(): Float32Array {
    const { scalars } = this.#batch;
    const width = this.#plan.logged.scalars;
    // One row: a view of all of it would cost more than the rest.
    if (scalars.length === width) return scalars;
    return scalars.subarray(this.#logged.place * width, (this.#logged.place + 1) * width);
  }

  get defaultsUsed(): readonly string[] {
    const { row, onDemand } = this.#logged;
    const stored = defaultsRead(this.#batch.batch, row);
    if (onDemand === null) return stored;
    const { defaults } = onDemand;
    return defaults.length === 0 ? stored : [...stored, ...defaults];
  }

  get degraded(): boolean {
    return this.#logged.degradedReasons.length > 0;
  }

  get degradedReasons(): readonly string[] {
    return this.#logged.degradedReasons;
  }

  get views(): readonly PredictionView[] {
    return viewsRead(this.#batch.batch, this.#logged.row);
  }

  get onDemand(): Members | null {
    return this.#logged.onDemand?.members ?? null;
  }

  get precomputed(): null {
    return null;
  }

  get latencyUs(): number {
    return this.#batch.timings.total * 1_000;
  }

  get featuresUs(): number {
    return this.#batch.timings.features * 1_000;
  }

  get onDemandUs(): number {
    return this.#batch.timings.onDemand * 1_000;
  }

  get modelUs(): number {
    const { queue, model } = this.#batch.timings;
    return (queue + model) * 1_000;
  }

  get sensitive(): SensitiveFields | null {
    return this.#plan.logged.sensitive;
  }

  get sizeBytes(): number {
    return this.#batch.rowBytes;
  }
}

/** In the order of the definition. */
function firstNumber(outputs: Members): number | null {
  return Object.values(outputs).find((value): value is number => typeof value === 'number') ?? null;
}

const NOTHING: Members = Object.freeze({});

function merged(own: unknown, under: unknown): Members {
  if (under === undefined) return (own ?? NOTHING) as Members;
  if (own === undefined) return under as Members;
  return { ...(under as Members), ...(own as Members) };
}
