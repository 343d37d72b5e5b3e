import type { RowOrNull } from '@larder/online-store';
import type { Inputs } from './inputs/inputs.ts';
import type { CompiledPlan, PlanGroup, PlanView } from './plan/compiled-plan.ts';
import type { Readings } from './readings/judge-rows.ts';
import { PRESENT } from './readings/view-statuses.ts';

/** A request on its way: what was asked, and what the store gave for it. */
export interface Batch {
  readonly plan: CompiledPlan;
  readonly inputs: Inputs;
  readonly readings: Readings;
}

/** Where a row's reading of a view lies within its group. */
export function readingAt(
  { plan, inputs }: { readonly plan: CompiledPlan; readonly inputs: Pick<Inputs, 'slots'> },
  row: number,
  view: PlanView,
): number {
  const { groups } = plan;
  const slot = inputs.slots[row * groups.length + view.group] as number;
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
