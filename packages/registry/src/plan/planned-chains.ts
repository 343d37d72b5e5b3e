import { chainSteps, parentsOf, type Manifest } from '@larder/features';
import type { Plan } from './plan.ts';

/** A view that is computed from other views. */
export interface PlannedChain {
  /** `ad_offer@1` */
  readonly view: string;
  /** References of what is computed before it, and itself last: each step reads earlier ones alone. */
  readonly steps: readonly (readonly string[])[];
}

/** The chained views among the changes, shorter chains first. */
export function plannedChains(
  { changes }: Pick<Plan, 'changes'>,
  manifest: Pick<Manifest, 'feature_views' | 'on_demand_feature_views' | 'models'>,
): PlannedChain[] {
  const subjects = new Set(changes.map(({ subject }) => subject));
  return Object.entries(manifest.feature_views)
    .filter(([ref, view]) => subjects.has(`view ${ref}`) && parentsOf(manifest, view).length > 0)
    .map(([ref, view]) => ({ view: ref, steps: chainSteps(manifest, view) }))
    .toSorted((one, other) => one.steps.length - other.steps.length);
}
