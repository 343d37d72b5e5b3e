import type { LoadedProject, Manifest } from '@larder/features';
import type { OfflineStore } from '@larder/offline-store';
import {
  publishContent,
  readModelContent,
  type ArtifactStore,
  type ModelContent,
  type ServableVersion,
} from '@larder/registry';
import { notPublished } from './unavailable.ts';

export interface ContentReaderDeps {
  readonly offlineStore: OfflineStore;
  readonly artifacts: ArtifactStore;
  readonly project: LoadedProject;
  /** The loaded project's manifest, with the applied identities where the code is the same. */
  readonly aligned: () => Promise<Manifest>;
}

/**
 * Reads what a model version is made of. The release before this one registered versions without it: where the loaded
 * project defines such a version, it is published first, so that every process can serve it from then on.
 * @throws MODEL_NOT_READY when nothing is published and the loaded project defines another version
 */
export async function readContent(deps: ContentReaderDeps, version: ServableVersion): Promise<ModelContent> {
  const { offlineStore: store, artifacts, project } = deps;
  const id = { project: project.name, model: version.model, version: version.version };
  const known = await readModelContent(store, id);
  if (known !== null) return known;
  const aligned = await deps.aligned();
  if (!(await publishContent({ store, artifacts, project, aligned, ...nameOf(version) })))
    throw notPublished();
  const published = await readModelContent(store, id);
  if (published === null) throw new Error(`The content of ${version.model} was published and is not there.`);
  return published;
}

function nameOf({ model, version }: ServableVersion) {
  return { model, version };
}
