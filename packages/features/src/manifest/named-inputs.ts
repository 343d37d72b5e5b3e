import { declaredDefault } from '../values/declared-default.ts';
import { viewRef, type FieldManifest, type InputManifest, type Manifest } from './manifest.ts';

export const MAX_TENSOR_NAME = 100;

/** An input of an artifact, with the features of its columns in order. */
export interface NamedInputManifest {
  readonly name: string;
  readonly features: readonly {
    /** `view:feature` */
    readonly ref: string;
    readonly type: FieldManifest['type'];
    /** Columns. */
    readonly width: number;
    readonly hasDefault: boolean;
  }[];
}

/** The inputs of a model by name; undefined: all of its features go into one float32 tensor. */
export function namedInputs(
  manifest: Pick<Manifest, 'feature_views' | 'on_demand_feature_views'>,
  inputs: readonly InputManifest[],
): readonly NamedInputManifest[] | undefined {
  if (inputs.every(({ tensor }) => tensor === undefined)) return undefined;
  const byName = Map.groupBy(inputs, ({ tensor = '' }) => tensor);
  return [...byName].map(([name, own]) => ({
    name,
    features: own.flatMap((input) =>
      input.features.map((feature) => {
        const field = fieldOf(manifest, input, feature);
        return {
          ref: `${input.view}:${feature}`,
          type: field.type,
          width: field.length ?? 1,
          hasDefault: declaredDefault(field) !== null,
        };
      }),
    ),
  }));
}

function fieldOf(
  manifest: Pick<Manifest, 'feature_views' | 'on_demand_feature_views'>,
  { view, version }: InputManifest,
  feature: string,
): FieldManifest {
  const schema =
    version === null
      ? manifest.on_demand_feature_views[view]?.schema
      : manifest.feature_views[viewRef({ name: view, version })]?.schema;
  const field = schema?.find(({ name }) => name === feature);
  if (field === undefined) throw new Error(`${view} has no feature ${feature}.`);
  return field;
}
