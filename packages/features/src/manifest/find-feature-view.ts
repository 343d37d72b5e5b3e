import { LarderError } from '@larder/core';
import { viewRef, type FeatureViewManifest, type Manifest } from './manifest.ts';

/** `ad_image` (its newest version) or `ad_image@1`, as people and callers refer to a view. @throws VIEW_NOT_FOUND */
export function findFeatureView(
  manifest: Pick<Manifest, 'feature_views'>,
  name: string,
): FeatureViewManifest {
  const views = Object.values(manifest.feature_views);
  const found = name.includes('@')
    ? views.find((view) => viewRef(view) === name)
    : views.filter((view) => view.name === name).sort((a, b) => b.version - a.version)[0];
  if (found) return found;
  const [viewName = name] = name.split('@');
  const versions = views.filter((view) => view.name === viewName);
  throw new LarderError(
    'VIEW_NOT_FOUND',
    versions.length > 0
      ? `This version of feature view ${viewName} is not applied. Applied are: ${versions.map(viewRef).join(', ')}.`
      : `No feature view of this name is applied. Applied are: ${views.map(viewRef).join(', ') || 'none'}.`,
  );
}
