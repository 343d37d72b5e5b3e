import type { FeatureViewManifest, InputManifest, Manifest } from './manifest.ts';

/** A view version that another one is computed from, and the features that it takes. */
export interface ParentView extends Pick<InputManifest, 'features'> {
  readonly name: string;
  readonly version: number;
}

/**
 * The views that this one is computed from: as its source names them, or those that its model reads. None for other kinds
 * of sources.
 */
export function parentsOf(
  manifest: Pick<Manifest, 'models' | 'on_demand_feature_views'>,
  { source }: Pick<FeatureViewManifest, 'source'>,
): readonly ParentView[] {
  if (source.kind === 'model') return storedInputs(manifest, source['model'] as string);
  const views: unknown = source.kind === 'views' ? source['views'] : undefined;
  if (!Array.isArray(views)) return [];
  return (views as readonly (InputManifest & { readonly version: number })[]).map(
    ({ view: name, version, features }) => ({ name, version, features }),
  );
}

/** What a model reads from the stores, also through on-demand views: each view once. */
export function storedInputs(
  manifest: Pick<Manifest, 'models' | 'on_demand_feature_views'>,
  model: string,
): readonly ParentView[] {
  const read = new Map<string, { name: string; version: number; features: Set<string> }>();
  const seen = new Set<string>();
  const collect = (inputs: readonly InputManifest[]): void => {
    for (const { view: name, version, features } of inputs) {
      if (version === null) {
        if (seen.has(name)) continue;
        seen.add(name);
        collect(manifest.on_demand_feature_views[name]?.inputs ?? []);
        continue;
      }
      const ref = `${name}@${version}`;
      const known = read.get(ref) ?? { name, version, features: new Set() };
      for (const feature of features) known.features.add(feature);
      read.set(ref, known);
    }
  };
  collect(manifest.models[model]?.inputs ?? []);
  return Array.from(read.values(), ({ name, version, features }) => ({
    name,
    version,
    features: [...features],
  }));
}
