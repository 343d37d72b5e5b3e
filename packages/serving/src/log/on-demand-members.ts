import { encodeJsonValue, onDemandValue, type JsonValue, type OnDemandResult } from '@larder/features';
import type { CompiledPlan } from '../plan/compiled-plan.ts';

export type Members = Readonly<Record<string, unknown>>;

/** Results of the on-demand functions for a row, by view; null when the model reads none. */
export function onDemandMembers(plan: CompiledPlan, results: readonly OnDemandResult[]): Members | null {
  const { views } = plan.onDemand;
  if (views.length === 0) return null;
  const members: Record<string, Record<string, JsonValue>> = {};
  for (const [v, view] of views.entries()) {
    const features: Record<string, JsonValue> = {};
    for (const feature of view.features)
      features[feature.name] = encodeJsonValue(
        feature.field,
        onDemandValue(results[v] as OnDemandResult, feature),
      );
    members[view.name] = features;
  }
  return members;
}

const NONE: readonly string[] = [];

/** References of the on-demand features for which the functions gave null, and that have a default. */
export function onDemandDefaults(plan: CompiledPlan, results: readonly OnDemandResult[]): readonly string[] {
  let used: string[] | null = null;
  for (const [v, view] of plan.onDemand.views.entries())
    for (const { name, defaultValue } of view.features)
      if (defaultValue !== null && (results[v]?.[name] ?? null) === null)
        (used ??= []).push(`${view.name}:${name}`);
  return used ?? NONE;
}
