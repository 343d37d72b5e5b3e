import { viewRef, type FeatureViewManifest, type Manifest } from './manifest.ts';
import { parentsOf, type ParentView } from './parents-of.ts';

/** The parents whose rows set off a run of the view as they land. Windows are none of them: they change all the time. */
export function followedParents(
  { feature_views: views }: Pick<Manifest, 'feature_views'>,
  view: Pick<FeatureViewManifest, 'source'>,
): readonly ParentView[] {
  return parentsOf(view).filter((parent) => views[viewRef(parent)]?.windowed === undefined);
}
