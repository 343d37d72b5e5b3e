import type { RowOrNull } from '@larder/online-store';
import type { Inputs } from '../inputs/read-inputs.ts';
import type { CompiledPlan, PlanGroup, PlanView } from '../plan/compiled-plan.ts';

export const PRESENT = 0;
const NOT_FOUND = 1;
export const OUTSIDE_MAX_AGE = 2;
/** Bytes stand there that cannot be read: answered as not found, but said so in reasons, counts and the log. */
const UNREADABLE = 3;
/** Only in counts: the store did not answer. */
const UNAVAILABLE = 4;
/** By code. */
export const STATUS_NAMES = ['PRESENT', 'NOT_FOUND', 'OUTSIDE_MAX_AGE', 'UNREADABLE', 'UNAVAILABLE'] as const;

const STATUS_CODES = { PRESENT, NOT_FOUND, OUTSIDE_MAX_AGE, UNREADABLE } as const;

/** What the store gave for the entities of one request, with TTL applied once per entity and view. */
export interface Readings {
  /** Per group: keys × views, flat. */
  readonly rows: readonly (readonly RowOrNull[])[];
  /** Like `rows`: PRESENT, NOT_FOUND, OUTSIDE_MAX_AGE or UNREADABLE. */
  readonly statuses: readonly Uint8Array[];
  /** The store did not answer; every view counts as not found. */
  readonly storeAway: boolean;
  readonly nowMs: number;
}

export function judgeRows(
  plan: CompiledPlan,
  rows: readonly (readonly RowOrNull[])[],
  nowMs: number,
): Readings {
  const statuses = plan.groups.map(({ views }, g) => {
    const groupRows = rows[g] ?? [];
    const codes = new Uint8Array(groupRows.length);
    for (let at = 0; at < groupRows.length; at++) {
      const { statusOf } = plan.views[views[at % views.length] as number] as PlanView;
      codes[at] = STATUS_CODES[statusOf(groupRows[at] ?? null, nowMs)];
    }
    return codes;
  });
  return { rows, statuses, storeAway: false, nowMs };
}

export function noRows(plan: CompiledPlan, inputs: Inputs, nowMs: number): Readings {
  const sizes = plan.groups.map(({ views }, g) => views.length * (inputs.keysByGroup[g]?.length ?? 0));
  return {
    rows: sizes.map((size) => new Array<RowOrNull>(size).fill(null)),
    statuses: sizes.map((size) => new Uint8Array(size).fill(NOT_FOUND)),
    storeAway: true,
    nowMs,
  };
}

/** A request on its way: what was asked, and what the store gave for it. */
export interface Batch {
  readonly plan: CompiledPlan;
  readonly inputs: Inputs;
  readonly readings: Readings;
}

/** Where a row's reading of a view lies within its group. */
export function readingAt(batch: Batch, row: number, view: PlanView): number {
  const { groups } = batch.plan;
  const slot = batch.inputs.slots[row * groups.length + view.group] as number;
  return slot * (groups[view.group] as PlanGroup).views.length + view.offset;
}

/** The stored row of a view that may be used; null when there is none or it is too old. */
export function usableRow(batch: Batch, row: number, view: PlanView): RowOrNull {
  const at = readingAt(batch, row, view);
  const { statuses, rows } = batch.readings;
  return (statuses[view.group] as Uint8Array)[at] === PRESENT
    ? ((rows[view.group] as RowOrNull[])[at] as RowOrNull)
    : null;
}

const NO_REASONS: readonly string[] = [];
const STORE_AWAY: readonly string[] = ['online_store:UNAVAILABLE'];

/** Why defaults or nulls took the place of stored values in a row; empty when every view was present. */
export function degradedReasons(batch: Batch, row: number): readonly string[] {
  const { plan, readings } = batch;
  if (plan.views.length === 0) return NO_REASONS;
  if (readings.storeAway) return STORE_AWAY;
  let reasons: string[] | undefined;
  for (let v = 0; v < plan.views.length; v++) {
    const view = plan.views[v] as PlanView;
    const status = (readings.statuses[view.group] as Uint8Array)[readingAt(batch, row, view)];
    if (status === PRESENT) continue;
    reasons ??= [];
    reasons.push(view.reasons[status as number] as string);
  }
  return reasons ?? NO_REASONS;
}

/** Adds what a request read to the counts of a predictor. */
export function countStatuses(plan: CompiledPlan, readings: Readings, counts: Float64Array): void {
  for (let g = 0; g < plan.groups.length; g++) {
    const { views } = plan.groups[g] as PlanGroup;
    const statuses = readings.statuses[g] as Uint8Array;
    for (let at = 0; at < statuses.length; at++) {
      const status = readings.storeAway ? UNAVAILABLE : (statuses[at] as number);
      const place = STATUS_NAMES.length * (views[at % views.length] as number) + status;
      counts[place] = (counts[place] as number) + 1;
    }
  }
}
