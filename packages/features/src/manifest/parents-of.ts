import type { FeatureViewManifest, InputManifest } from './manifest.ts';

/** A view version that another one is computed from, and the features that it takes. */
export interface ParentView extends Pick<InputManifest, 'features'> {
  readonly name: string;
  readonly version: number;
}

/** The views that this one is computed from, as its source names them; none for other kinds of sources. */
export function parentsOf({ source }: Pick<FeatureViewManifest, 'source'>): readonly ParentView[] {
  const views: unknown = source.kind === 'views' ? source['views'] : undefined;
  if (!Array.isArray(views)) return [];
  return (views as readonly (InputManifest & { readonly version: number })[]).map(
    ({ view: name, version, features }) => ({ name, version, features }),
  );
}
