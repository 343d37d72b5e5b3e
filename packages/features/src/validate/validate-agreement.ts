import type { Entity } from '../definition/entity.ts';
import type { Field, Fields } from '../definition/field.ts';
import type { OnDemandFeatureView } from '../on-demand/on-demand-feature-view.ts';
import type { FeatureInput } from '../definition/pick.ts';
import type { PostProcess } from '../post-process/post-process.ts';
import type { Report } from './report.ts';

/** The run-time side of the compile error: among what one model needs, a join key and a request field have one type each. */
export function validateAgreement(
  inputs: readonly FeatureInput[],
  report: Report,
  postprocess: PostProcess | null = null,
): void {
  const needs: Needs = { entities: new Set(), onDemand: new Set() };
  for (const input of inputs) addNeeds(input, needs);
  const keys = [...needs.entities].map((entity) => ({
    from: `entity '${entity.name}'`,
    fields: entity.joinKeys,
  }));
  reportClashes('join key', keys, report);
  const requests = [...needs.onDemand].map((view) => ({
    from: `on-demand feature view '${view.name}'`,
    fields: view.request,
  }));
  if (postprocess?.kind === 'post_process')
    requests.push({ from: `post-processing '${postprocess.name}'`, fields: postprocess.request });
  reportClashes('request field', requests, report);
}

interface Origin {
  readonly from: string;
  readonly fields: Fields;
}

interface Needs {
  readonly entities: Set<Entity>;
  readonly onDemand: Set<OnDemandFeatureView>;
}

function addNeeds(input: FeatureInput, needs: Needs): void {
  const view = input?.kind === 'pick' ? input.view : input;
  if (view?.kind === 'feature_view' && view.entity?.kind === 'entity') needs.entities.add(view.entity);
  if (view?.kind !== 'on_demand_feature_view' || needs.onDemand.has(view)) return;
  needs.onDemand.add(view);
  if (Array.isArray(view.inputs))
    for (const inner of view.inputs as readonly FeatureInput[]) addNeeds(inner, needs);
}

function reportClashes(what: string, origins: readonly Origin[], report: Report): void {
  const first = new Map<string, { readonly from: string; readonly type: string }>();
  for (const { from, fields } of origins) {
    for (const [name, field] of Object.entries(fields ?? {})) {
      const type = typeText(field);
      const seen = first.get(name);
      if (seen === undefined) first.set(name, { from, type });
      else if (seen.type !== type) {
        report(
          [],
          `${what} '${name}' is ${seen.type} in ${seen.from} and ${type} in ${from}; give it one type or two names.`,
        );
      }
    }
  }
}

function typeText(field: Field): string {
  if (field?.type === 'vector') return `vector(${field.length})`;
  return field?.safeInteger === true ? 'int64().safe()' : field?.type;
}
