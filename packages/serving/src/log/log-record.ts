/*
 * Budget: 0.5 µs per row, and one object: records wait up to seconds for PostgreSQL, and what survives that long is
 * copied by every garbage collection in between. So a record is an index into its batch, and its members are built
 * when the log renders it. Nothing here may keep the rows of the store alive.
 */
import { shortestFloat32 } from '@larder/core';
import type { LoggedKey, PredictionRecord, PredictionView, SensitiveFields } from '@larder/offline-store';
import type { AnsweredRow } from '../answer/answer-rows.ts';
import type { InputRow } from '../inputs/inputs.ts';
import type { CompiledPlan } from '../plan/compiled-plan.ts';
import type { ServedAlias, Timings } from '../predictor.ts';
import type { Members } from './on-demand-members.ts';
import { defaultsRead, viewsRead, type Pointers } from './pointers.ts';

/** Data that the records of one request share. */
export interface LoggedBatch {
  readonly plan: CompiledPlan;
  readonly alias: ServedAlias | undefined;
  readonly rows: readonly InputRow[];
  readonly shared: InputRow | undefined;
  /** When the features were read and their ages judged: the moment that a point-in-time join asks about. */
  readonly predictedAtMs: number;
  readonly timings: Timings;
  /** Same as in `Inputs`. */
  readonly keysByGroup: readonly (readonly string[])[];
  /** Scalar columns of the tensor, row by row. */
  readonly scalars: Float32Array;
  readonly outputs: Readonly<Record<string, Float32Array>>;
  readonly pointers: Pointers;
  /** Approximate size of each record, without the results of its on-demand functions. */
  readonly rowBytes: number;
}

/** The part of an answered row that is kept. */
export type LoggedRow = Pick<
  AnsweredRow,
  | 'row'
  | 'place'
  | 'outputs'
  | 'predictionId'
  | 'degradedReasons'
  | 'onDemand'
  | 'onDemandBytes'
  | 'onDemandDefaults'
>;

export function logRecord(batch: LoggedBatch, logged: LoggedRow): PredictionRecord {
  return new BatchRecord(batch, logged);
}

class BatchRecord implements PredictionRecord {
  readonly #batch: LoggedBatch;
  readonly #logged: LoggedRow;

  constructor(batch: LoggedBatch, logged: LoggedRow) {
    this.#batch = batch;
    this.#logged = logged;
  }

  get predictionId(): string {
    return this.#logged.predictionId;
  }

  get predictedAtMs(): number {
    return this.#batch.predictedAtMs;
  }

  get model(): string {
    return this.#batch.plan.model.name;
  }

  get version(): number {
    return this.#batch.plan.version;
  }

  get alias(): string | null {
    return this.#batch.alias?.alias ?? null;
  }

  get aliasMoveId(): number | null {
    return this.#batch.alias?.moveId ?? null;
  }

  get entities(): Members {
    return merged(this.#batch.rows[this.#logged.row]?.entities, this.#batch.shared?.entities);
  }

  get entityKeys(): LoggedKey[] {
    const { plan, keysByGroup, pointers } = this.#batch;
    const { groups } = plan;
    return groups.map(({ entity }, g) => {
      const slot = pointers.slots[this.#logged.row * groups.length + g] as number;
      return { entity: entity.name, key: keysByGroup[g]?.[slot] as string };
    });
  }

  get request(): Members {
    return merged(this.#batch.rows[this.#logged.row]?.request, this.#batch.shared?.request);
  }

  get outputs(): Members {
    return this.#logged.outputs ?? this.#artifactOutputs();
  }

  get rawOutputs(): Members | null {
    return this.#logged.outputs === null ? null : this.#artifactOutputs();
  }

  #artifactOutputs(): Members {
    const values: Record<string, number> = {};
    for (const [name, column] of Object.entries(this.#batch.outputs))
      values[name] = shortestFloat32(column[this.#logged.place] as number);
    return values;
  }

  get output(): number | null {
    const { plan, outputs } = this.#batch;
    if (this.#logged.outputs !== null) return firstNumber(this.#logged.outputs);
    const first = plan.model.outputs[0]?.name as string;
    return shortestFloat32(outputs[first]?.[this.#logged.place] as number);
  }

  get scalars(): Float32Array {
    const { scalars } = this.#batch.plan.logged;
    const start = this.#logged.place * scalars;
    return this.#batch.scalars.subarray(start, start + scalars);
  }

  get defaultsUsed(): readonly string[] {
    const { plan, pointers } = this.#batch;
    const { row, onDemandDefaults } = this.#logged;
    const stored = defaultsRead(plan, pointers, row);
    return onDemandDefaults.length === 0 ? stored : [...stored, ...onDemandDefaults];
  }

  get degraded(): boolean {
    return this.#logged.degradedReasons.length > 0;
  }

  get degradedReasons(): readonly string[] {
    return this.#logged.degradedReasons;
  }

  get views(): readonly PredictionView[] {
    return viewsRead(this.#batch.plan, this.#batch.pointers, this.#logged.row);
  }

  get onDemand(): Members | null {
    return this.#logged.onDemand;
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
    return this.#batch.timings.model * 1_000;
  }

  get sensitive(): SensitiveFields | null {
    return this.#batch.plan.logged.sensitive;
  }

  get sizeBytes(): number {
    return this.#batch.rowBytes + this.#logged.onDemandBytes;
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
