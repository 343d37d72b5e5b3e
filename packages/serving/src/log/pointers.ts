/*
 * Read once per entity and view, however many rows share them; only the status and three numbers of a reading are kept.
 */
import type { PredictionView } from '@larder/offline-store';
import { readRowHeader, type RowOrNull, wasWritten } from '@larder/online-store';
import { readingAt, type Batch } from '../batch.ts';
import type { CompiledPlan, PlanGroup, PlanView } from '../plan/compiled-plan.ts';
import { OUTSIDE_MAX_AGE, PRESENT, STATUS_NAMES } from '../readings/view-statuses.ts';

/** Which stored row each row of a request used: a pointer into history instead of the values. */
export interface Pointers {
  /** Same as in `Inputs`. */
  readonly slots: Int32Array;
  /** Same as in `Readings`. */
  readonly statuses: readonly Uint8Array[];
  /** Event timestamp, created timestamp and revision per group and reading; the event timestamp is NaN where no row could be read. */
  readonly orders: readonly Float64Array[];
  /** Features with a default that are null in a row that was used, by group and reading; null: none in any row. */
  readonly nulls: readonly (ReadonlyMap<number, readonly string[]> | null)[];
}

/** Reads the pointers from the rows, which are not needed afterwards. */
export function pointersOf({ plan, inputs, readings }: Batch): Pointers {
  const { statuses, rows } = readings;
  return {
    slots: inputs.slots,
    statuses,
    orders: statuses.map((codes, g) => ordersOf(codes, rows[g] as RowOrNull[])),
    nulls: statuses.map((codes, g) =>
      nullsOf(plan, plan.groups[g] as PlanGroup, { codes, rows: rows[g] as RowOrNull[] }),
    ),
  };
}

function ordersOf(codes: Uint8Array, rows: readonly RowOrNull[]): Float64Array {
  const orders = new Float64Array(3 * codes.length).fill(Number.NaN);
  for (let at = 0; at < codes.length; at++) {
    if (codes[at] !== PRESENT && codes[at] !== OUTSIDE_MAX_AGE) continue;
    const row = rows[at] as Buffer;
    const header = wasWritten(row) ? readRowHeader(row) : null;
    if (header === null) continue;
    orders[3 * at] = header.eventTimestampMs;
    orders[3 * at + 1] = header.createdTimestampMs;
    orders[3 * at + 2] = header.revision;
  }
  return orders;
}

function nullsOf(
  plan: CompiledPlan,
  group: PlanGroup,
  { codes, rows }: { readonly codes: Uint8Array; readonly rows: readonly RowOrNull[] },
): ReadonlyMap<number, readonly string[]> | null {
  let found: Map<number, readonly string[]> | null = null;
  for (let at = 0, offset = 0; at < codes.length; at++) {
    if (codes[at] === PRESENT) {
      const { defaulted } = plan.views[group.views[offset] as number] as PlanView;
      const names = defaulted.nullsOf(rows[at] as Buffer);
      if (names.length > 0) (found ??= new Map()).set(at, names);
    }
    if (++offset === group.views.length) offset = 0;
  }
  return found;
}

const NO_NAMES: readonly string[] = [];

/** References of the stored features whose default a row used. */
export function defaultsRead(plan: CompiledPlan, pointers: Pointers, row: number): readonly string[] {
  let used = NO_NAMES;
  const read = { plan, inputs: pointers };
  for (const view of plan.views) {
    const { all } = view.defaulted;
    if (all.length === 0) continue;
    const at = readingAt(read, row, view);
    const names =
      pointers.statuses[view.group]?.[at] === PRESENT
        ? (pointers.nulls[view.group]?.get(at) ?? NO_NAMES).map((name) => `${view.ref}:${name}`)
        : all;
    if (names.length > 0) used = used.length === 0 ? names : [...used, ...names];
  }
  return used;
}

/** Pointers to what one row of the request read. */
export function viewsRead(plan: CompiledPlan, pointers: Pointers, row: number): PredictionView[] {
  const read = { plan, inputs: pointers };
  const views: PredictionView[] = [];
  for (const view of plan.views) {
    const at = readingAt(read, row, view);
    const orders = pointers.orders[view.group] as Float64Array;
    const isRead = !Number.isNaN(orders[3 * at]);
    views.push({
      ref: view.ref,
      status: STATUS_NAMES[pointers.statuses[view.group]?.[at] as number] ?? 'NOT_FOUND',
      eventTimestampMs: isRead ? (orders[3 * at] as number) : null,
      createdTimestampMs: isRead ? (orders[3 * at + 1] as number) : null,
      revision: isRead ? (orders[3 * at + 2] as number) : null,
    });
  }
  return views;
}
