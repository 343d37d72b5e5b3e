import { readingAt, type Batch } from '../batch.ts';
import type { PlanView } from '../plan/compiled-plan.ts';
import { PRESENT } from '../readings/view-statuses.ts';

const NO_REASONS: readonly string[] = [];
const STORE_AWAY: readonly string[] = ['online_store:UNAVAILABLE'];

/** Why defaults or nulls replaced stored values in a row; empty when every view was present. */
export function degradedReasons(batch: Batch, row: number): readonly string[] {
  const { plan, readings } = batch;
  if (readings.missing === 0) return NO_REASONS;
  if (readings.storeAway) return STORE_AWAY;
  let reasons: string[] | undefined;
  for (let v = 0; v < plan.views.length; v++) {
    const view = plan.views[v] as PlanView;
    const status = (readings.statuses[view.group] as Uint8Array)[readingAt(batch, row, view)] as number;
    if (status === PRESENT) continue;
    reasons ??= [];
    reasons.push(view.reasons[status] as string);
  }
  return reasons ?? NO_REASONS;
}
