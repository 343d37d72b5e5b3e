import type { Chained } from './chain-problems.ts';
import { viewRef, type FeatureViewManifest } from './manifest.ts';
import { parentsOf, type ParentView } from './parents-of.ts';

/** The parents whose rows set off a run of the view as they land. Windows are none of them: they change all the time. */
export function followedParents(
  manifest: Chained,
  view: Pick<FeatureViewManifest, 'source'>,
): readonly ParentView[] {
  return parentsOf(manifest, view).filter(
    (parent) => manifest.feature_views[viewRef(parent)]?.windowed === undefined,
  );
}
