import { dirname, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { LarderError } from '@larder/core';
import { buildManifest, type Hashes } from './build-manifest.ts';
import { collectDefinitions, type Definitions } from './collect-definitions.ts';
import { hashArtifact } from './hash-artifact.ts';
import { hashModule, hashOnDemand } from './hash-code.ts';
import { viewRef } from './manifest.ts';
import type { LoadedProject } from './project.ts';

/**
 * Imports `larder.config.ts`, validates what it exports, hashes artifacts and code and builds the manifest.
 * @throws DEFINITION_INVALID with every problem at once
 */
export async function loadProject(configPath: string): Promise<LoadedProject> {
  const path = resolve(configPath);
  const exports = (await import(/* @vite-ignore */ pathToFileURL(path).href)) as Record<string, unknown>;
  const definitions = collectDefinitions(exports);
  const project = definitions.projects[0];
  if (project === undefined)
    throw new LarderError('DEFINITION_INVALID', `${path} has no project as its default export.`);
  const root = dirname(path);
  const hashes = await hash(definitions, root);
  return {
    name: project.name,
    root,
    configPath: path,
    entities: new Map(definitions.entities.map((entity) => [entity.name, entity])),
    featureViews: new Map(definitions.featureViews.map((view) => [viewRef(view), view])),
    onDemandFeatureViews: new Map(definitions.onDemandFeatureViews.map((view) => [view.name, view])),
    manifest: buildManifest(project, definitions, hashes),
  };
}

async function hash(definitions: Definitions, root: string): Promise<Hashes> {
  const computes = definitions.featureViews.flatMap((view) => view.compute ?? []);
  const paths = [
    ...computes.flatMap((compute) => Object.values(compute.artifacts)),
    ...definitions.models.map((model) => model.artifact),
  ].map((artifact) => artifact.path);
  const urls = computes.flatMap((compute) => compute.codeUrl ?? []);
  return {
    artifacts: await hashEach(paths, (path) => hashArtifact(resolve(root, path))),
    modules: await hashEach(urls, (url) => hashModule(fileURLToPath(url))),
    onDemand: new Map(definitions.onDemandFeatureViews.map((view) => [view.name, hashOnDemand(view)])),
  };
}

async function hashEach(
  keys: readonly string[],
  hashOne: (key: string) => Promise<string>,
): Promise<Map<string, string>> {
  return new Map(
    await Promise.all([...new Set(keys)].map(async (key) => [key, await hashOne(key)] as const)),
  );
}
