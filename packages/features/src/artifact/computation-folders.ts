import type { LoadedProject } from '../project/loaded-project.ts';
import { artifactFolder } from './artifact.ts';

/** Where the project has the artifacts of its computations, by the hash that they had when it was loaded. */
export function computationFolders({
  featureViews,
  manifest,
  root,
}: Pick<LoadedProject, 'featureViews' | 'manifest' | 'root'>): Map<string, string> {
  const folders = new Map<string, string>();
  for (const [ref, { compute }] of featureViews)
    for (const [name, artifact] of Object.entries(compute?.artifacts ?? {})) {
      const sha256 = manifest.feature_views[ref]?.compute?.artifacts[name]?.sha256;
      const folder = artifactFolder(artifact, root);
      if (sha256 !== undefined && folder !== null) folders.set(sha256, folder);
    }
  return folders;
}
