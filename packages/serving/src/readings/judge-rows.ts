/*
 * Every reading is visited once, to check its age, count it, and classify it when it is missing. Reasons, tensor,
 * provenance and log use the status codes written here.
 */
import type { RowOrNull } from '@larder/online-store';
import type { Inputs } from '../inputs/inputs.ts';
import type { CompiledPlan, PlanView } from '../plan/compiled-plan.ts';
import { NOT_FOUND, PRESENT, STATUS_CODES, STATUS_NAMES, UNAVAILABLE } from './view-statuses.ts';

/** What the store returned for the entities of one request. */
export interface Readings {
  /** Per group of the plan: keys × views, flat. */
  readonly rows: readonly RowOrNull[][];
  /** Like `rows`: PRESENT, NOT_FOUND, OUTSIDE_MAX_AGE or UNREADABLE. */
  readonly statuses: readonly Uint8Array[];
  /** Number of readings that are not PRESENT; a row that arrives late decreases it. */
  missing: number;
  /** The store did not answer; every view counts as not found. */
  readonly storeAway: boolean;
  /** When TTLs were applied. */
  readonly nowMs: number;
}

/** Readings since the start: view v of the plan with status s is at v × `STATUS_NAMES.length` + s. */
export type StatusCounts = Float64Array;

export function createStatusCounts(plan: CompiledPlan): StatusCounts {
  return new Float64Array(STATUS_NAMES.length * plan.views.length);
}

/**
 * Applies the TTL of each view to what the store returned: once per entity and view, however many rows share them. An absent
 * row of a windowed view becomes one without tiles.
 */
export function judgeRows(
  plan: CompiledPlan,
  rows: readonly RowOrNull[][],
  { nowMs, counts }: { readonly nowMs: number; readonly counts: StatusCounts },
): Readings {
  let missing = 0;
  const statuses = plan.groups.map(({ views }, g) => {
    const groupRows = rows[g] as RowOrNull[];
    const codes = new Uint8Array(groupRows.length);
    for (let at = 0, offset = 0; at < codes.length; at++) {
      const view = views[offset] as number;
      const { statusOf, rowIfAbsent } = plan.views[view] as PlanView;
      const row = groupRows[at] ?? rowIfAbsent;
      groupRows[at] = row;
      const code = STATUS_CODES[statusOf(row, nowMs)];
      codes[at] = code;
      if (code !== PRESENT) missing += 1;
      count(counts, view, code);
      if (++offset === views.length) offset = 0;
    }
    return codes;
  });
  return { rows, statuses, missing, storeAway: false, nowMs };
}

/** Readings as if the store held nothing: it did not answer. */
export function noRows(
  plan: CompiledPlan,
  { keysByGroup }: Inputs,
  { nowMs, counts }: { readonly nowMs: number; readonly counts: StatusCounts },
): Readings {
  let missing = 0;
  const sizes = plan.groups.map(({ views }, g) => {
    const keys = (keysByGroup[g] as string[]).length;
    for (const view of views) count(counts, view, UNAVAILABLE, keys);
    missing += keys * views.length;
    return keys * views.length;
  });
  return {
    rows: sizes.map((size) => new Array<RowOrNull>(size).fill(null)),
    statuses: sizes.map((size) => new Uint8Array(size).fill(NOT_FOUND)),
    missing,
    storeAway: true,
    nowMs,
  };
}

function count(counts: StatusCounts, view: number, status: number, readings = 1): void {
  const place = STATUS_NAMES.length * view + status;
  counts[place] = (counts[place] as number) + readings;
}
