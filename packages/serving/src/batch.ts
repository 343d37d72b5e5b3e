import type { RowOrNull } from '@larder/online-store';
import type { Inputs } from './inputs/inputs.ts';
import type { CompiledPlan, PlanGroup, PlanView } from './plan/compiled-plan.ts';
import type { Readings } from './readings/judge-rows.ts';
import { PRESENT } from './readings/view-statuses.ts';

/** A request in progress: its inputs, and what the store returned for them. */
export interface Batch {
  readonly plan: CompiledPlan;
  readonly inputs: Inputs;
  readonly readings: Readings;
}

/** Index of a row's reading of a view within its group. */
export function readingAt(
  { plan, inputs }: { readonly plan: CompiledPlan; readonly inputs: Pick<Inputs, 'slots'> },
  row: number,
  view: PlanView,
): number {
  const { groups } = plan;
  const slot = inputs.slots[row * groups.length + view.group] as number;
  return slot * (groups[view.group] as PlanGroup).views.length + view.offset;
}

/** The usable stored row of a view; null when there is none or it is too old. */
export function usableRow(batch: Batch, row: number, view: PlanView): RowOrNull {
  const at = readingAt(batch, row, view);
  const { statuses, rows } = batch.readings;
  return (statuses[view.group] as Uint8Array)[at] === PRESENT
    ? ((rows[view.group] as RowOrNull[])[at] as RowOrNull)
    : null;
}
