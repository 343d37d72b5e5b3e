import type { Manifest } from '@larder/features';
import type { Plan } from '../plan/plan.ts';
import type { RegistryStore } from '../registry-store.ts';
import { estimateFills, type EstimateOptions, type FillEstimate } from './estimate-fill.ts';
import { viewsToFill } from './views-to-fill.ts';

export interface PlanFillsOptions extends Pick<EstimateOptions, 'countRows'> {
  readonly manifest: Manifest;
  readonly plan: Pick<Plan, 'pendingMigrations'>;
}

/** What filling the view versions takes that nothing has filled yet. Empty on a database that apply has to migrate first. */
export async function planFills(
  store: RegistryStore,
  { manifest, plan, countRows }: PlanFillsOptions,
): Promise<FillEstimate[]> {
  if (plan.pendingMigrations.length > 0) return [];
  return estimateFills(store, { manifest, views: await viewsToFill(store, manifest), countRows });
}
