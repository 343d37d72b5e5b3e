import { isLarderError } from '@larder/core';
import { computationFolders, hashArtifact, type LoadedProject } from '@larder/features';
import type { ArtifactStore } from '@larder/registry';

/**
 * Local folders of artifacts by their hash, from the artifact store. An artifact that a release without a store applied is
 * stored from the project's folder first, if that still holds it.
 */
export function createArtifactFolders(
  artifacts: ArtifactStore,
  project: LoadedProject,
): (sha256: string) => Promise<string> {
  const own = computationFolders(project);
  return async (sha256) => {
    try {
      return await artifacts.folder(sha256);
    } catch (error) {
      const folder = own.get(sha256);
      if (!isLarderError(error) || error.code !== 'ARTIFACT_NOT_FOUND' || folder === undefined) throw error;
      // Overwritten or deleted since the project was loaded.
      if ((await hashArtifact(folder).catch(() => null)) !== sha256) throw error;
      await artifacts.putFolder(folder);
      return artifacts.folder(sha256);
    }
  };
}
