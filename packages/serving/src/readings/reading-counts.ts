import type { Observations } from '@larder/core/metrics';
import type { OnDemandResult } from '@larder/features';
import type { CompiledPlan, PlanView } from '../plan/compiled-plan.ts';
import { STATUS_NAMES } from './view-statuses.ts';

/** What a predictor has read since its start: flat arrays, so that counting costs an addition. */
export interface ReadingCounts {
  /** View v of the plan with status s is at v × `STATUS_NAMES.length` + s. */
  readonly statuses: Float64Array;
  /** Nulls of each feature in `CompiledPlan.shown`: in PRESENT rows, or given by its function. */
  readonly nulls: Float64Array;
  /** Rows for which the on-demand functions ran. */
  onDemandRows: number;
  /** Ages of rows by view of the plan, in seconds; null: not observed. */
  readonly ages: readonly Observations[] | null;
  /** Number of requests whose ages were observed: chooses the entity. */
  turn: number;
}

export function createReadingCounts(
  plan: CompiledPlan,
  agesOf?: (view: PlanView['ref']) => Observations,
): ReadingCounts {
  return {
    statuses: new Float64Array(STATUS_NAMES.length * plan.views.length),
    nulls: new Float64Array(plan.shown.length),
    onDemandRows: 0,
    ages: agesOf === undefined ? null : plan.views.map(({ ref }) => agesOf(ref)),
    turn: 0,
  };
}

/** Counts the results of the on-demand functions for one row. */
export function countOnDemand(
  counts: ReadingCounts,
  { shownOnDemand }: CompiledPlan,
  results: readonly OnDemandResult[],
): void {
  counts.onDemandRows += 1;
  for (let i = 0; i < shownOnDemand.length; i++) {
    const { view, name, place } = shownOnDemand[i] as CompiledPlan['shownOnDemand'][number];
    if (((results[view] as OnDemandResult)[name] ?? null) === null)
      counts.nulls[place] = (counts.nulls[place] as number) + 1;
  }
}
