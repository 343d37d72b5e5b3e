import { LarderError } from '@larder/core';
import { viewRef, type FeatureViewManifest, type Manifest } from '@larder/features';

/** A name means every version of the view. @throws VIEW_NOT_FOUND */
export function chosenViews(manifest: Manifest, names: readonly string[]): FeatureViewManifest[] {
  const all = Object.values(manifest.feature_views);
  if (names.length === 0) return all;
  const chosen = names.flatMap((name) => {
    const found = all.filter((view) => (name.includes('@') ? viewRef(view) === name : view.name === name));
    if (found.length > 0) return found;
    throw new LarderError(
      'VIEW_NOT_FOUND',
      `There is no feature view '${name}'; there are: ${all.map(viewRef).join(', ') || 'none'}.`,
    );
  });
  return [...new Set(chosen)];
}
