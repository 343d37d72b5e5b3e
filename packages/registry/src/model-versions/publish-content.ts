import type { LoadedProject, Manifest } from '@larder/features';
import type { OfflineStore } from '@larder/offline-store';
import { localArtifacts, publishArtifacts, publishBundles } from '../apply/publish-objects.ts';
import { appliedManifest, manifestById } from '../applied/applied-manifest.ts';
import type { ArtifactStore } from '../artifacts/artifact-store.ts';
import { keepArtifactsIn } from '../artifacts/touch-artifacts.ts';
import { differingParts, meaningIn, meaningOf } from '../plan/model-meaning.ts';
import { bumpRevisionIn } from '../revision/revision.ts';
import { contentOf } from './content-of.ts';
import type { ModelVersionId } from './read-model-versions.ts';
import { findRecordedVersion, type RecordedVersion } from './recorded-versions.ts';

export interface PublishContentOptions {
  readonly store: OfflineStore;
  readonly artifacts: ArtifactStore;
  readonly project: LoadedProject;
  /** The project's manifest, aligned with what is applied. */
  readonly aligned: Manifest;
  readonly model: string;
  readonly version: number;
}

/**
 * Gives a version that an earlier release registered its content, from a project that defines exactly this version. The
 * bytes are stored first: dying in between leaves what is collected later. Any number of processes may call it at once.
 * @returns false when the project defines the model differently, or there is no such version; nothing was written then
 * @throws NATIVE_MODULE, BUNDLE_IMPOSSIBLE, ARTIFACT_INVALID
 */
export async function publishContent(options: PublishContentOptions): Promise<boolean> {
  const { store, artifacts, project, aligned, model, version } = options;
  const id = { project: aligned.project, model, version };
  const recorded = await findRecordedVersion(store, id);
  if (recorded === null || aligned.models[model] === undefined) return false;
  if (recorded.content !== null) return true;
  const registered = await registeredIn(store, id, recorded);
  if (differingParts(meaningOf(recorded, registered), meaningIn(aligned, model)).length > 0) return false;
  const read = contentOf(aligned, model, {}).manifest;
  const bundles = await publishBundles(artifacts, project, Object.keys(read.on_demand_feature_views));
  const local = localArtifacts(project, read);
  await publishArtifacts(artifacts, local);
  await store.transaction(async (tx) => {
    await bumpRevisionIn(tx, id.project);
    await keepArtifactsIn(tx, { artifacts: [recorded.artifactSha256], objects: Object.values(bundles) });
    await tx.db
      .updateTable('larder.model_versions')
      .set({ content: JSON.stringify(contentOf(aligned, model, bundles)) })
      .where('project', '=', id.project)
      .where('model', '=', model)
      .where('version', '=', version)
      .where('content', 'is', null)
      .execute();
  });
  return true;
}

/** A manifest that says of the version what its row does not: the applied one, or the one that registered it. */
async function registeredIn(
  store: OfflineStore,
  { project, model }: ModelVersionId,
  { artifactSha256, manifestId }: RecordedVersion,
): Promise<Manifest | null> {
  const applied = await appliedManifest(store, project);
  if (applied?.manifest.models[model]?.artifact.sha256 === artifactSha256) return applied.manifest;
  return manifestById(store, manifestId);
}
