import { isLarderError } from '@larder/core';
import type { OfflineStore } from '@larder/offline-store';
import type { ArtifactStore } from '../artifacts/artifact-store.ts';
import { appliedManifest } from '../applied/applied-manifest.ts';
import { findVersion } from '../model-versions/find-version.ts';
import { readModelVersions } from '../model-versions/read-model-versions.ts';
import { modelNotFound, openModelDefinitions, type OpenedDefinitions } from './open-definitions.ts';

export interface ComparisonDeps {
  readonly store: OfflineStore;
  readonly artifacts: ArtifactStore;
}

const NOT_ON_RECORD: ReadonlySet<string> = new Set([
  'MODEL_VERSION_NOT_FOUND',
  'MODEL_NOT_READY',
  'ARTIFACT_NOT_FOUND',
]);

/** @throws MODEL_NOT_FOUND with the applied ones, MODEL_VERSION_NOT_FOUND */
export async function requireModel(
  { store }: Pick<ComparisonDeps, 'store'>,
  {
    project,
    model,
    version,
  }: { readonly project: string; readonly model: string; readonly version?: number | undefined },
): Promise<void> {
  const applied = await appliedManifest(store, project);
  if (applied === null || !Object.hasOwn(applied.manifest.models, model))
    throw modelNotFound(model, applied?.manifest);
  if (version !== undefined) findVersion(await readModelVersions(store, project, model), { model, version });
}

/** What a logged version was made of; null: its content is not on record any more. @throws MODEL_NOT_FOUND */
export async function findVersionDefinitions(
  deps: ComparisonDeps,
  { project, model, version }: { readonly project: string; readonly model: string; readonly version: number },
): Promise<OpenedDefinitions | null> {
  try {
    return await openModelDefinitions(deps, { project, model, version: String(version) });
  } catch (error) {
    if (isLarderError(error) && NOT_ON_RECORD.has(error.code)) return null;
    throw error;
  }
}

/**
 * A model version with the folder of its artifact.
 * @param reference `ad_ctr` (its champion), `ad_ctr@2` or `ad_ctr@challenger`
 * @throws as `openModelDefinitions`
 */
export async function openWithArtifact(
  deps: ComparisonDeps,
  { project, reference }: { readonly project: string; readonly reference: string },
): Promise<{
  readonly name: string;
  readonly version: number;
  readonly folder: string;
  readonly definitions: OpenedDefinitions;
}> {
  const [name = '', asked] = reference.split('@');
  const definitions = await openModelDefinitions(deps, { project, model: name, version: asked });
  const folder = await deps.artifacts.folder(definitions.manifest.models[name]?.artifact.sha256 ?? '');
  return { name, version: definitions.version, folder, definitions };
}
