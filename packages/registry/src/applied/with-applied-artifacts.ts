import { viewFingerprint, type FeatureViewManifest, type Manifest } from '@larder/features';

/**
 * For processes that compute: a loaded view that equals the applied one in everything but the bytes of its artifacts takes
 * the applied artifacts, with the applied fingerprint. Its folders were overwritten or lost since, or are not on this
 * machine; the artifact store has what was applied. Plan and apply must see the difference and do not call this.
 */
export function withAppliedArtifacts(
  applied: Pick<Manifest, 'feature_views'> | null,
  loaded: Manifest,
): Manifest {
  const views = Object.entries(loaded.feature_views).map(
    ([ref, view]) => [ref, aligned(view, applied?.feature_views[ref], loaded)] as const,
  );
  return { ...loaded, feature_views: Object.fromEntries(views) };
}

function aligned(
  view: FeatureViewManifest,
  applied: FeatureViewManifest | undefined,
  { entities }: Manifest,
): FeatureViewManifest {
  const artifacts = applied?.compute?.artifacts;
  const entity = entities[view.entity];
  if (artifacts === undefined || view.compute === null || entity === undefined) return view;
  const compute = { ...view.compute, artifacts };
  const fingerprint = viewFingerprint(entity, { ...view, compute });
  return fingerprint === applied?.fingerprint ? { ...view, compute, fingerprint } : view;
}
