import { fingerprint } from './canonical-json.ts';
import type { ComputeManifest, EntityManifest, FeatureViewManifest } from './manifest.ts';

/** SHA-256 over what is immutable in a view version. */
export function viewFingerprint(
  entity: EntityManifest,
  { source, schema, compute }: Pick<FeatureViewManifest, 'source' | 'schema' | 'compute'>,
): string {
  return fingerprint({ entity, source, schema, compute: meaningOf(compute) });
}

/** An artifact is its content: moving its folder changes nothing. */
function meaningOf(compute: ComputeManifest | null): unknown {
  if (compute === null) return null;
  const artifacts = Object.entries(compute.artifacts).map(([name, { sha256 }]) => [name, sha256]);
  return { ...compute, artifacts: Object.fromEntries(artifacts) };
}
