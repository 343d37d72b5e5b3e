import { predictionOf, type FeatureViewManifest, type Manifest } from '@larder/features';

/** The applied views that hold predictions of a model. */
export function precomputedOf(
  { feature_views: views }: Pick<Manifest, 'feature_views'>,
  model: string,
): readonly FeatureViewManifest[] {
  return Object.values(views).filter((view) => predictionOf(view)?.model === model);
}
