import type { Manifest } from '@larder/features';
import { readModelContent, type ModelVersionId } from '../model-versions/read-model-versions.ts';
import type { RegistryStore } from '../registry-store.ts';
import { withLivePolicies } from './with-live-policies.ts';

/** What a model version was made of, under the policies that are applied now; null: its content is not on record. */
export async function versionManifest(
  store: RegistryStore,
  version: ModelVersionId,
  applied: Manifest | null,
): Promise<Manifest | null> {
  const content = await readModelContent(store, version);
  if (content === null) return null;
  return applied === null ? content.manifest : withLivePolicies(content.manifest, applied);
}
