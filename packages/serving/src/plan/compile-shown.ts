import {
  viewRef,
  type InputManifest,
  type ModelManifest,
  type OnDemandFeatureViewManifest,
} from '@larder/features';
import { compileValueReader } from '@larder/online-store';
import { defaultOf } from './compile-on-demand.ts';
import type { InputField, OnDemandStep, PlanView, ShownFeature } from './compiled-plan.ts';

interface ShownContext {
  readonly model: ModelManifest;
  readonly onDemand: readonly OnDemandFeatureViewManifest[];
  readonly views: readonly PlanView[];
  readonly viewPlaces: ReadonlyMap<string, number>;
  readonly steps: readonly OnDemandStep[];
  readonly requestFields: readonly InputField[];
}

/** What explains an answer: the model's features in its order, then what only on-demand functions read, then the request. */
export function compileShown(context: ShownContext): ShownFeature[] {
  const { model, onDemand, requestFields } = context;
  const shown = new Map<string, ShownFeature>();
  for (const input of [model, ...onDemand].flatMap(({ inputs }) => inputs))
    for (const name of input.features) {
      const feature = shownFeature(context, input, name);
      if (!shown.has(feature.ref)) shown.set(feature.ref, feature);
    }
  for (const [place, { name, field }] of requestFields.entries()) {
    const ref = `request:${name}`;
    shown.set(ref, { kind: 'request', ref, field, place });
  }
  return [...shown.values()];
}

function shownFeature(context: ShownContext, input: InputManifest, name: string): ShownFeature {
  if (input.version === null) {
    const step = context.steps.findIndex((candidate) => candidate.name === input.view);
    const output = context.steps[step]?.outputs.find((candidate) => candidate.name === name);
    if (output === undefined) throw new Error(`${input.view} has no feature ${name}.`);
    return { kind: 'step', ref: `${input.view}:${name}`, step, output };
  }
  const ref = viewRef({ name: input.view, version: input.version });
  const view = context.viewPlaces.get(ref) ?? -1;
  const { view: manifest } = context.views[view] as PlanView;
  const field = manifest.schema.find((candidate) => candidate.name === name);
  if (field === undefined) throw new Error(`${ref} has no feature ${name}.`);
  const reader = compileValueReader(manifest, [name]);
  return { kind: 'view', ref: `${ref}:${name}`, field, defaultValue: defaultOf(field) ?? null, view, reader };
}
