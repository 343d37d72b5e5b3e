import type { Entity } from '../definition/entity.ts';
import type { Field, Fields } from '../definition/field.ts';
import type { Model } from '../definition/model.ts';
import type { FeatureInput } from '../definition/pick.ts';
import { inputManifest } from '../manifest/input-manifest.ts';

/** What a model needs from its caller and from the stores, also through on-demand feature views. */
export interface ModelNeeds {
  /** Of its stored features, in the order of the model. */
  readonly entities: readonly Entity[];
  readonly request: Fields;
}

/** Definitions may be invalid: what is wrong in them is left out. */
export function modelNeeds(model: Model | undefined): ModelNeeds {
  const entities = new Set<Entity>();
  const request: Record<string, Field> = {};
  walk(model?.inputs, (view) => {
    if (view.kind === 'on_demand_feature_view') Object.assign(request, view.request);
    else if (view.entity?.kind === 'entity') entities.add(view.entity);
  });
  if (model?.postprocess?.kind === 'post_process') Object.assign(request, model.postprocess.request);
  return { entities: [...entities], request };
}

/** The features that are stored, by reference. */
export function storedFields(model: Model | undefined): Fields {
  const fields: Record<string, Field> = {};
  walk(model?.inputs, (view, input) => {
    if (view.kind !== 'feature_view' || typeof view.schema !== 'object') return;
    for (const name of inputManifest(input).features) {
      const field = view.schema[name];
      if (field !== undefined) fields[`${view.name}:${name}`] = field;
    }
  });
  return fields;
}

type View = Exclude<FeatureInput, { readonly kind: 'pick' }>;

function walk(inputs: readonly FeatureInput[] | undefined, visit: (view: View, input: FeatureInput) => void) {
  if (!Array.isArray(inputs)) return;
  for (const input of inputs as readonly FeatureInput[]) {
    const view = input?.kind === 'pick' ? input.view : input;
    if (view?.kind !== 'feature_view' && view?.kind !== 'on_demand_feature_view') continue;
    visit(view, input);
    if (view.kind === 'on_demand_feature_view') walk(view.inputs, visit);
  }
}
