import { declaredDefault, viewRef, type InputManifest, type OnDemandViews } from '@larder/features';
import { compileValueReader } from '@larder/online-store';
import type { InputField, PlanView, ShownFeature } from './compiled-plan.ts';

interface ShownContext {
  /** The model first, then the on-demand feature views. */
  readonly readers: readonly { readonly inputs: readonly InputManifest[] }[];
  readonly views: readonly Pick<PlanView, 'view'>[];
  readonly viewPlaces: ReadonlyMap<string, number>;
  readonly onDemand: OnDemandViews;
  readonly requestFields: readonly InputField[];
}

/** Features that explain an answer: the model's own in its order, then those that only on-demand functions read, then the request. */
export function compileShown(context: ShownContext): ShownFeature[] {
  const shown = new Map<string, ShownFeature>();
  for (const input of context.readers.flatMap(({ inputs }) => inputs))
    for (const name of input.features) {
      const feature = shownFeature(context, input, name);
      if (!shown.has(feature.ref)) shown.set(feature.ref, feature);
    }
  for (const [place, { field }] of context.requestFields.entries()) {
    const ref = `request:${field.name}`;
    shown.set(ref, { kind: 'request', ref, field, place });
  }
  return [...shown.values()];
}

function shownFeature(context: ShownContext, input: InputManifest, name: string): ShownFeature {
  if (input.version === null) {
    const { views } = context.onDemand;
    const view = views.findIndex((candidate) => candidate.name === input.view);
    const feature = views[view]?.features.find((candidate) => candidate.name === name);
    if (feature === undefined) throw new Error(`${input.view} has no feature ${name}.`);
    return { kind: 'on_demand', ref: `${input.view}:${name}`, view, feature };
  }
  const ref = viewRef({ name: input.view, version: input.version });
  const view = context.viewPlaces.get(ref) ?? -1;
  const { view: manifest } = context.views[view] as Pick<PlanView, 'view'>;
  const field = manifest.schema.find((candidate) => candidate.name === name);
  if (field === undefined) throw new Error(`${ref} has no feature ${name}.`);
  const reader = compileValueReader(manifest, [name]);
  return { kind: 'view', ref: `${ref}:${name}`, field, defaultValue: declaredDefault(field), view, reader };
}
