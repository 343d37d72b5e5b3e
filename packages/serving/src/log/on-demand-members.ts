import {
  encodeJsonValue,
  type FieldValue,
  type JsonValue,
  type OnDemandFeature,
  type OnDemandResult,
} from '@larder/features';
import type { CompiledPlan } from '../plan/compiled-plan.ts';

export type Members = Readonly<Record<string, unknown>>;

const NONE: readonly string[] = [];

/**
 * Results of the on-demand functions for a row, for the log. The values are taken at once, because a function may reuse
 * what it returned; they are encoded when the record is rendered.
 */
export class LoggedOnDemand {
  readonly #plan: CompiledPlan;
  /** As given, without defaults, of the features of all views in order; objects are encoded already. */
  readonly #given: readonly FieldValue[];
  #members: Members | undefined;

  constructor(plan: CompiledPlan, results: readonly OnDemandResult[]) {
    const given: FieldValue[] = [];
    const { views } = plan.onDemand;
    for (let v = 0; v < views.length; v++) {
      const { features } = views[v] as (typeof views)[number];
      const result = results[v] as OnDemandResult;
      for (let at = 0; at < features.length; at++) {
        const { name, field } = features[at] as OnDemandFeature;
        const value = result[name] ?? null;
        given.push(typeof value === 'object' ? encodeJsonValue(field, value) : value);
      }
    }
    this.#plan = plan;
    this.#given = given;
  }

  /** The values by view and name, with defaults; the same object for each record that shares the results. */
  get members(): Members {
    if (this.#members !== undefined) return this.#members;
    const members: Record<string, Record<string, JsonValue>> = {};
    let at = 0;
    for (const view of this.#plan.onDemand.views) {
      const features: Record<string, JsonValue> = {};
      for (const { name, field, defaultValue } of view.features) {
        const value = this.#given[at++] ?? defaultValue;
        features[name] = encodeJsonValue(field, value);
      }
      members[view.name] = features;
    }
    this.#members = members;
    return members;
  }

  /** References of the features for which the functions gave null, and that have a default. */
  get defaults(): readonly string[] {
    let used: string[] | null = null;
    let at = 0;
    for (const view of this.#plan.onDemand.views)
      for (const { name, defaultValue } of view.features)
        if (this.#given[at++] === null && defaultValue !== null) (used ??= []).push(`${view.name}:${name}`);
    return used ?? NONE;
  }
}
