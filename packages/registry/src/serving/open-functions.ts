import { importBundle, type OnDemandFeatureViewManifest, type OnDemandFunction } from '@larder/features';
import type { ArtifactStore } from '../artifacts/artifact-store.ts';
import type { ModelContent } from '../model-versions/model-content.ts';

/**
 * Imports the on-demand functions of a model version from their bundles; the store has verified each by its hash.
 * @throws ARTIFACT_NOT_FOUND, BUNDLE_INVALID
 */
export async function openFunctions(
  artifacts: Pick<ArtifactStore, 'get'>,
  { bundles }: Pick<ModelContent, 'bundles'>,
): Promise<(definition: Pick<OnDemandFeatureViewManifest, 'name'>) => OnDemandFunction> {
  const functions = new Map(
    await Promise.all(
      Object.entries(bundles).map(async ([name, sha256]) => {
        const bundle = await artifacts.get(sha256);
        return [name, await importBundle(bundle.toString(), name)] as const;
      }),
    ),
  );
  return ({ name }) => {
    const found = functions.get(name);
    if (found === undefined) throw new Error(`The content has no bundle of ${name}.`);
    return found;
  };
}
