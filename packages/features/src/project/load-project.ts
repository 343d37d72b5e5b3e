import { existsSync, globSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { LarderError, shellWord, type ErrorDetail } from '@larder/core';
import { artifactFolder } from '../artifact/artifact.ts';
import { buildManifest } from '../manifest/build-manifest.ts';
import type { ProjectCode } from '../code/code-unit.ts';
import { readProjectCode } from '../code/project-code.ts';
import { collectDefinitions, usedArtifacts, type Definitions } from './collect-definitions.ts';
import { hashArtifact } from '../artifact/hash-artifact.ts';
import { viewRef } from '../manifest/manifest.ts';
import type { Project } from '../definition/project.ts';
import type { LoadedDefinitions, LoadedProject } from './loaded-project.ts';
import { validateDefinitions } from '../validate/validate-definitions.ts';

export interface LoadOptions {
  /**
   * `optional`: a missing artifact gets the hash `ABSENT_ARTIFACT`, for processes that work with what is applied. `ignored`: none
   * is read, and all get that hash.
   * @default 'required'
   */
  readonly artifacts?: 'required' | 'optional' | 'ignored';
}

/** Hash of an artifact that is missing or was not read. */
export const ABSENT_ARTIFACT = '0'.repeat(64);

/**
 * Imports `larder.config.ts`, checks what it exports, hashes artifacts and code and builds the manifest.
 * @throws PROJECT_NOT_FOUND, PROJECT_NOT_LOADABLE, DEFINITION_INVALID (every problem at once, in `errors`)
 */
export async function loadProject(configPath: string, options: LoadOptions = {}): Promise<LoadedProject> {
  const { loaded, project, definitions, exports } = await load(configPath, options);
  const code = await readCode(loaded, definitions, exports);
  const artifacts = await hashArtifacts(definitions, loaded, options);
  return { ...loaded, manifest: buildManifest(project, definitions, { artifacts, code }), code };
}

/**
 * The same without hashes and manifest, in a fraction of the time, for callers that need only the definitions.
 * @throws as `loadProject`
 */
export async function loadDefinitions(
  configPath: string,
  options: LoadOptions = {},
): Promise<LoadedDefinitions> {
  return (await load(configPath, options)).loaded;
}

interface Loaded {
  readonly loaded: LoadedDefinitions;
  readonly project: Project;
  readonly definitions: Definitions;
  /** Of the config module. */
  readonly exports: Readonly<Record<string, unknown>>;
}

async function load(configPath: string, { artifacts = 'required' }: LoadOptions = {}): Promise<Loaded> {
  const path = resolve(configPath);
  const exports = await importConfig(path);
  const definitions = collectDefinitions(exports);
  const project = definitions.projects.find((candidate) => candidate === exports['default']);
  if (project === undefined || definitions.projects.length > 1) {
    throw invalid(path, [
      {
        pointer: '/project',
        detail: "the module must have one project, as its default export: export default project('ads', …).",
      },
    ]);
  }
  const root = dirname(path);
  const errors = await validateDefinitions(project, definitions, {
    root,
    artifactsMayBeAbsent: artifacts !== 'required',
  });
  if (errors.length > 0) throw invalid(path, errors);

  const loaded = {
    name: project.name,
    root,
    configPath: path,
    entities: new Map(definitions.entities.map((entity) => [entity.name, entity])),
    featureViews: new Map(definitions.featureViews.map((view) => [viewRef(view), view])),
    onDemandFeatureViews: new Map(definitions.onDemandFeatureViews.map((view) => [view.name, view])),
    postProcesses: new Map(definitions.postProcesses.map((post) => [post.name, post])),
  };
  return { loaded, project, definitions, exports };
}

/** Tells a user in the root of a repository which project to name. */
function whereProjectsAre(folder: string): string {
  const found = globSync(['*/larder.config.ts', '*/*/larder.config.ts'], {
    cwd: folder,
    exclude: (name) => name === 'node_modules',
  }).sort();
  const [first] = found;
  if (first === undefined)
    return "Run in the project's folder, name its larder.config.ts with --project or LARDER_PROJECT, or create a project: npx larderjs init";
  const all = found.length === 1 ? '' : ` (there are ${found.map(shellWord).join(', ')})`;
  return `Use --project ${shellWord(join(folder, first))}, or set LARDER_PROJECT to it${all}.`;
}

/** @throws PROJECT_NOT_FOUND, PROJECT_NOT_LOADABLE */
export async function importConfig(path: string): Promise<Readonly<Record<string, unknown>>> {
  if (!existsSync(path)) {
    throw new LarderError(
      'PROJECT_NOT_FOUND',
      `There is no ${shellWord(path)}. ${whereProjectsAre(dirname(path))}`,
    );
  }
  try {
    return (await import(/* @vite-ignore */ pathToFileURL(path).href)) as Record<string, unknown>;
  } catch (error) {
    throw notLoadable(`Importing ${shellWord(path)}`, error, placeOf(error, dirname(path)));
  }
}

function invalid(path: string, errors: readonly ErrorDetail[]): LarderError {
  const count = errors.length === 1 ? 'a problem' : `${errors.length} problems`;
  const lines = errors.map(({ pointer, detail }) => `\n  ${pointer}: ${detail}`);
  return new LarderError('DEFINITION_INVALID', `${basename(path)} has ${count}:${lines.join('')}`, {
    errors,
  });
}

async function hashArtifacts(
  definitions: Definitions,
  { root }: LoadedDefinitions,
  options: LoadOptions,
): Promise<Map<string, string>> {
  const artifacts = usedArtifacts(definitions);
  const folders = new Map(artifacts.map((each) => [each.path, artifactFolder(each, root)]));
  return new Map(
    await Promise.all(
      [...folders].map(async ([path, found]) => {
        const folder = options.artifacts === 'ignored' ? null : found;
        return [
          path,
          folder !== null && existsSync(folder) ? await hashArtifact(folder) : ABSENT_ARTIFACT,
        ] as const;
      }),
    ),
  );
}

// A module that only workers import is read here for the first time.
async function readCode(
  { root, configPath }: LoadedDefinitions,
  { featureViews, onDemandFeatureViews, postProcesses }: Definitions,
  exports: Readonly<Record<string, unknown>>,
): Promise<ProjectCode> {
  try {
    return await readProjectCode({
      root,
      configPath,
      exports,
      featureViews,
      onDemandFeatureViews: [...onDemandFeatureViews, ...postProcesses],
    });
  } catch (error) {
    throw notLoadable('Reading the code of the project', error);
  }
}

function notLoadable(what: string, error: unknown, place = ''): LarderError {
  const reason = error instanceof Error ? error.message : String(error);
  return new LarderError('PROJECT_NOT_LOADABLE', `${what} failed: ${reason}${place}`, { cause: error });
}

/** `at name (/path/file.ts:3:16)`, `at file:///path/file.ts:3:16`, or a syntax error's first line; a path may have spaces. */
const FRAME = /^(?:\s*at (?:.*? \(|async )?)?((?:file:\/\/)?\/.*?)(:\d+(?::\d+)?)\)?$/gm;

/** ` (src/views.ts:3:16)`: where in the project's own files it was thrown; empty when no frame is in one of them. */
function placeOf(error: unknown, root: string): string {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const frame = [...stack.matchAll(FRAME)]
    .map(([, at = '', position = '']) => (at.startsWith('file:') ? fileURLToPath(at) : at) + position)
    .find((place) => place.startsWith(join(root, '/')) && !place.includes('/node_modules/'));
  return frame === undefined ? '' : ` (${relative(root, frame)})`;
}
