import {
  compileOnDemandViews,
  compilePostProcess,
  declaredDefault,
  viewRef,
  type CompiledPostProcess,
  type EntityManifest,
  type FeatureViewManifest,
  type FieldManifest,
  type FieldValue,
  type InputManifest,
  type Manifest,
  type ModelManifest,
  type OnDemandViews,
} from '@larder/features';
import type { TrainingSetDefinitions } from '../training-set/build-training-set.ts';

/** A model version as the offline path reads it, compiled once. */
export interface ParityPlan {
  readonly manifest: Manifest;
  readonly model: ModelManifest;
  /** Entities with the views that the model reads, directly or through on-demand views. */
  readonly groups: readonly {
    readonly entity: EntityManifest;
    readonly views: readonly FeatureViewManifest[];
  }[];
  readonly onDemand: OnDemandViews;
  readonly postprocess: CompiledPostProcess | null;
  /** The model's own features, in its order. */
  readonly columns: readonly ParityColumn[];
}

export interface ParityColumn {
  readonly ref: string;
  readonly field: FieldManifest;
  readonly defaultValue: FieldValue;
  /** The feature view's reference; null for an on-demand feature. */
  readonly view: string | null;
  /** Index in `OnDemandViews.views`; -1 for a stored feature. */
  readonly onDemandView: number;
  /** Place in the logged scalars; null for a vector. */
  readonly scalar: number | null;
  /** References of the feature views that it follows from. */
  readonly reads: ReadonlySet<string>;
}

export function compileParity({ manifest, functionOf }: TrainingSetDefinitions, name: string): ParityPlan {
  const model = manifest.models[name];
  if (model === undefined) throw new Error(`The definitions have no model ${name}.`);
  const onDemand = compileOnDemandViews({ inputs: model.inputs, manifest, functionOf });
  const stored = storedInputs(manifest, model.inputs);
  let scalars = 0;
  const columns = model.inputs.flatMap((input) =>
    input.features.map((feature): ParityColumn => {
      const view = input.version === null ? null : refOf(input);
      const schema =
        view === null
          ? manifest.on_demand_feature_views[input.view]?.schema
          : manifest.feature_views[view]?.schema;
      const field = schema?.find((each) => each.name === feature);
      if (field === undefined) throw new Error(`${input.view} has no feature ${feature}.`);
      return {
        ref: `${view ?? input.view}:${feature}`,
        field,
        defaultValue: declaredDefault(field),
        view,
        onDemandView: view === null ? onDemand.views.findIndex((each) => each.name === input.view) : -1,
        scalar: input.tensor !== undefined || field.type === 'vector' ? null : scalars++,
        reads: storedInputs(manifest, [input]),
      };
    }),
  );
  const views = [...stored].map((ref) => manifest.feature_views[ref] as FeatureViewManifest);
  const entities = [...new Set(views.map(({ entity }) => entity))];
  return {
    manifest,
    model,
    groups: entities.map((entity) => ({
      entity: manifest.entities[entity] as EntityManifest,
      views: views.filter((view) => view.entity === entity),
    })),
    onDemand,
    postprocess: compilePostProcess(manifest, model.postprocess, functionOf),
    columns,
  };
}

/** References of the feature views behind inputs, also through on-demand views. */
function storedInputs(manifest: Manifest, inputs: readonly InputManifest[]): Set<string> {
  const found = new Set<string>();
  for (const input of inputs) {
    if (input.version !== null) found.add(refOf(input));
    else
      for (const ref of storedInputs(manifest, manifest.on_demand_feature_views[input.view]?.inputs ?? []))
        found.add(ref);
  }
  return found;
}

function refOf({ view, version }: InputManifest): string {
  return viewRef({ name: view, version: version ?? 0 });
}
