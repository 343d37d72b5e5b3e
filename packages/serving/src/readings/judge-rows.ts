/*
 * Every reading is visited once, to check its age, count it, and classify it when it is missing. Reasons, tensor,
 * provenance and log use the status codes written here.
 */
import { rowEventTimestampMs, type RowOrNull } from '@larder/online-store';
import type { Inputs } from '../inputs/inputs.ts';
import type { CompiledPlan, PlanGroup, PlanView } from '../plan/compiled-plan.ts';
import type { ReadingCounts } from './reading-counts.ts';
import {
  NOT_FOUND,
  OUTSIDE_MAX_AGE,
  PRESENT,
  STATUS_CODES,
  STATUS_NAMES,
  UNAVAILABLE,
} from './view-statuses.ts';

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

/**
 * Applies the TTL of each view to what the store returned: once per entity and view, however many rows share them. An absent
 * row of a windowed view becomes one without tiles.
 */
export function judgeRows(
  plan: CompiledPlan,
  rows: readonly RowOrNull[][],
  { nowMs, counts }: { readonly nowMs: number; readonly counts: ReadingCounts },
): Readings {
  let missing = 0;
  const statuses = plan.groups.map(({ views }, g) => {
    const groupRows = rows[g] as RowOrNull[];
    const codes = new Uint8Array(groupRows.length);
    for (let at = 0, offset = 0; at < codes.length; at++) {
      const view = views[offset] as number;
      const { statusOf, rowIfAbsent, countNulls } = plan.views[view] as PlanView;
      const row = groupRows[at] ?? rowIfAbsent;
      groupRows[at] = row;
      const code = STATUS_CODES[statusOf(row, nowMs)];
      codes[at] = code;
      if (code !== PRESENT) missing += 1;
      else if (row !== null) countNulls(row, counts.nulls);
      count(counts, view, code);
      if (++offset === views.length) offset = 0;
    }
    observeAges(plan, g, { rows: groupRows, codes, nowMs, counts });
    return codes;
  });
  counts.turn += 1;
  return { rows, statuses, missing, storeAway: false, nowMs };
}

/** Observes the ages of one entity's rows per request, another one each time: those of all would double what a batch costs here. */
function observeAges(
  { groups, views: planViews }: CompiledPlan,
  group: number,
  read: {
    readonly rows: readonly RowOrNull[];
    readonly codes: Uint8Array;
    readonly nowMs: number;
    readonly counts: ReadingCounts;
  },
): void {
  const { rows, codes, nowMs, counts } = read;
  if (counts.ages === null || codes.length === 0) return;
  const { views } = groups[group] as PlanGroup;
  const start = (counts.turn % (codes.length / views.length)) * views.length;
  for (let offset = 0; offset < views.length; offset++) {
    const view = views[offset] as number;
    const row = rows[start + offset] as RowOrNull;
    const code = codes[start + offset];
    if (row === null || row === (planViews[view] as PlanView).rowIfAbsent) continue;
    if (code === PRESENT || code === OUTSIDE_MAX_AGE)
      counts.ages[view]?.observe((nowMs - rowEventTimestampMs(row)) / 1_000);
  }
}

/** Readings as if the store held nothing: it did not answer. */
export function noRows(
  plan: CompiledPlan,
  { keysByGroup }: Inputs,
  { nowMs, counts }: { readonly nowMs: number; readonly counts: ReadingCounts },
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

function count({ statuses }: ReadingCounts, view: number, status: number, readings = 1): void {
  const place = STATUS_NAMES.length * view + status;
  statuses[place] = (statuses[place] as number) + readings;
}
