/*
 * Budget: 0.5 µs per row, and one object: records wait up to seconds for PostgreSQL, and what survives that long is
 * copied by every garbage collection on the way. So a record is a place in its batch, and its members are put together
 * when the log renders it. Nothing here may keep the rows of the store.
 */
import { shortestFloat32 } from '@larder/core';
import { encodeJsonValue, onDemandValue, type JsonValue, type OnDemandResult } from '@larder/features';
import type { PredictionRecord, PredictionView } from '@larder/offline-store';
import { readRowHeader, type RowOrNull } from '@larder/online-store';
import type { CompiledPlan, PlanView } from '../plan/compiled-plan.ts';
import type { InputRow } from '../inputs/read-inputs.ts';
import { OUTSIDE_MAX_AGE, PRESENT, readingAt, STATUS_NAMES, type Batch } from '../readings/read-views.ts';

export type Members = Readonly<Record<string, unknown>>;

/** What the records of one request share. */
export interface LoggedBatch {
  readonly plan: CompiledPlan;
  readonly rows: readonly InputRow[];
  readonly shared: InputRow | undefined;
  readonly predictedAtMs: number;
  readonly latencyUs: number;
  readonly outputs: Readonly<Record<string, Float32Array>>;
  readonly pointers: Pointers;
  /** Of each record, without what its on-demand functions gave. */
  readonly rowBytes: number;
}

/** Which row of the store each row of a request read: a pointer into history instead of the values. */
export interface Pointers {
  /** Per row and view: PRESENT, NOT_FOUND, OUTSIDE_MAX_AGE or UNREADABLE. */
  readonly statuses: Uint8Array;
  /** Per row and view: event and created timestamp and revision; event NaN where there was no row to read. */
  readonly orders: Float64Array;
}

/** One answered row. */
export interface LoggedRow {
  /** Place in the request. */
  readonly row: number;
  /** Place in the outputs. */
  readonly place: number;
  readonly predictionId: string;
  readonly degradedReasons: readonly string[];
  readonly onDemand: Members | null;
  readonly onDemandBytes: number;
}

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

  get entities(): Members {
    return merged(this.#batch.rows[this.#logged.row]?.entities, this.#batch.shared?.entities);
  }

  get request(): Members {
    return merged(this.#batch.rows[this.#logged.row]?.request, this.#batch.shared?.request);
  }

  get outputs(): Members {
    const values: Record<string, number> = {};
    for (const [name, column] of Object.entries(this.#batch.outputs))
      values[name] = shortestFloat32(column[this.#logged.place] as number);
    return values;
  }

  get degraded(): boolean {
    return this.#logged.degradedReasons.length > 0;
  }

  get degradedReasons(): readonly string[] {
    return this.#logged.degradedReasons;
  }

  get views(): readonly PredictionView[] {
    const { plan, pointers } = this.#batch;
    const start = this.#logged.row * plan.views.length;
    return plan.views.map(({ ref }, v) => pointerAt(pointers, start + v, ref));
  }

  get onDemand(): Members | null {
    return this.#logged.onDemand;
  }

  get latencyUs(): number {
    return this.#batch.latencyUs;
  }

  get sizeBytes(): number {
    return this.#batch.rowBytes + this.#logged.onDemandBytes;
  }
}

function pointerAt({ statuses, orders }: Pointers, at: number, ref: string): PredictionView {
  const order = (member: number) =>
    Number.isNaN(orders[3 * at]) ? null : (orders[3 * at + member] as number);
  return {
    ref,
    status: STATUS_NAMES[statuses[at] as number] ?? 'NOT_FOUND',
    eventTimestampMs: order(0),
    createdTimestampMs: order(1),
    revision: order(2),
  };
}

/** Reads the pointers off the rows, which are not needed any more afterwards. */
export function pointersOf(batch: Batch): Pointers {
  const { plan, readings, inputs } = batch;
  const count = inputs.errors.length * plan.views.length;
  const pointers = { statuses: new Uint8Array(count), orders: new Float64Array(3 * count).fill(Number.NaN) };
  for (let r = 0, to = 0; r < inputs.errors.length; r++)
    for (let v = 0; v < plan.views.length; v++, to++) {
      if (inputs.errors[r] !== null) continue;
      const view = plan.views[v] as PlanView;
      const at = readingAt(batch, r, view);
      const status = (readings.statuses[view.group] as Uint8Array)[at] as number;
      pointers.statuses[to] = status;
      if (status !== PRESENT && status !== OUTSIDE_MAX_AGE) continue;
      const header = readRowHeader((readings.rows[view.group] as RowOrNull[])[at] as Buffer);
      if (header === null) continue;
      pointers.orders[3 * to] = header.eventTimestampMs;
      pointers.orders[3 * to + 1] = header.createdTimestampMs;
      pointers.orders[3 * to + 2] = header.revision;
    }
  return pointers;
}

const NOTHING: Members = Object.freeze({});

function merged(own: unknown, under: unknown): Members {
  if (under === undefined) return (own ?? NOTHING) as Members;
  if (own === undefined) return under as Members;
  return { ...(under as Members), ...(own as Members) };
}

/** What the on-demand functions gave for a row, by view; null when the model reads none. */
export function onDemandMembers(plan: CompiledPlan, results: readonly OnDemandResult[]): Members | null {
  const { views } = plan.onDemand;
  if (views.length === 0) return null;
  const members: Record<string, Record<string, JsonValue>> = {};
  for (const [v, view] of views.entries()) {
    const features: Record<string, JsonValue> = {};
    for (const feature of view.features)
      features[feature.name] = encodeJsonValue(
        feature.field,
        onDemandValue(results[v] as OnDemandResult, feature),
      );
    members[view.name] = features;
  }
  return members;
}
