import { dirname, resolve } from 'node:path';
import { artifactFolder } from '../artifact/artifact.ts';
import { projectModules } from '../code/project-modules.ts';
import { collectDefinitions, usedArtifacts } from './collect-definitions.ts';
import { importConfig } from './load-project.ts';

/**
 * Absolute paths to watch for changes of the project: its modules, and the folders of its artifacts unless they come
 * from a package. For a project that does not load, the known paths.
 */
export async function projectFiles(configPath: string): Promise<string[]> {
  const path = resolve(configPath);
  const [modules, folders] = await Promise.all([projectModules(path), artifactFolders(path).catch(() => [])]);
  return [...modules, ...folders];
}

async function artifactFolders(configPath: string): Promise<string[]> {
  const artifacts = usedArtifacts(collectDefinitions(await importConfig(configPath)));
  const own = artifacts.filter(({ from }) => from === undefined);
  return [...new Set(own.flatMap((artifact) => artifactFolder(artifact, dirname(configPath)) ?? []))];
}
