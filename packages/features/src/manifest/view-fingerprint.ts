import { fingerprint } from './canonical-json.ts';
import type { ComputeManifest, EntityManifest, FeatureViewManifest, Manifest } from './manifest.ts';

import { entityWithoutSensitivity, withoutSensitivity } from './without-sensitivity.ts';

/** SHA-256 over what is immutable in a view version. */
export function viewFingerprint(
  entity: EntityManifest,
  {
    source,
    schema,
    compute,
    windowed,
  }: Pick<FeatureViewManifest, 'source' | 'schema' | 'compute' | 'windowed'>,
): string {
  return fingerprint({
    entity: entityWithoutSensitivity(entity),
    source,
    schema: withoutSensitivity(schema),
    compute: meaningOf(compute),
    ...(windowed !== undefined && { windowed }),
  });
}

/** An artifact is its content: moving its folder changes nothing. */
function meaningOf(compute: ComputeManifest | null): unknown {
  if (compute === null) return null;
  const artifacts = Object.entries(compute.artifacts).map(([name, { sha256 }]) => [name, sha256]);
  return { ...compute, artifacts: Object.fromEntries(artifacts) };
}

/**
 * The same for everything but the bytes of artifacts: equal for two processes whose folders differ or are missing.
 * @param ref `ad_image@1`
 * @returns null when the manifest has no such view
 */
export function definitionFingerprint(manifest: Manifest, ref: string): string | null {
  const view = manifest.feature_views[ref];
  const entity = view && manifest.entities[view.entity];
  if (view === undefined || entity === undefined) return null;
  const { compute } = view;
  if (compute === null) return viewFingerprint(entity, view);
  const unread = Object.entries(compute.artifacts).map(([name, { path }]) => [name, { path, sha256: '' }]);
  return viewFingerprint(entity, { ...view, compute: { ...compute, artifacts: Object.fromEntries(unread) } });
}
