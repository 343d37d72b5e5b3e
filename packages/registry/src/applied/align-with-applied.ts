import type { LoadedProject, Manifest } from '@larder/features';
import type { AppliedManifest } from './applied-manifest.ts';
import { alignManifest } from './align-manifest.ts';
import { readRecordedCode, sourcesReader } from './recorded-code.ts';
import type { ArtifactStore } from '../artifacts/artifact-store.ts';
import type { RegistryStore } from '../registry-store.ts';

export interface AlignDeps {
  readonly store: RegistryStore;
  readonly artifacts: Pick<ArtifactStore, 'get'>;
}

/** The project's manifest with the applied identities and fingerprints wherever the code is the same. */
export async function alignWithApplied(
  { store, artifacts }: AlignDeps,
  applied: Pick<AppliedManifest, 'id' | 'manifest'> | null,
  project: Pick<LoadedProject, 'manifest' | 'code'>,
): Promise<Manifest> {
  if (applied === null) return project.manifest;
  const recorded = await readRecordedCode(store, applied.id);
  return alignManifest(applied.manifest, project, sourcesReader(artifacts, recorded));
}
