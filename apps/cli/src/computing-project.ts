import { shellWord } from '@larder/core';
import {
  ABSENT_ARTIFACT,
  loadProject,
  type ArtifactManifest,
  type LoadedProject,
  type Manifest,
} from '@larder/features';
import { alignWithApplied, appliedManifest, withAppliedArtifacts } from '@larder/registry';
import type { Session } from './session.ts';

/** An artifact whose folder no longer has what is applied. */
export interface ReplacedArtifact {
  readonly path: string;
  readonly missing: boolean;
}

/** A project as processes run it: with applied artifacts where a folder was overwritten or lost since. */
export interface ComputingProject {
  readonly project: LoadedProject;
  /** Folders from the artifact store for a view, by the names of its artifacts. @throws ARTIFACT_NOT_FOUND */
  foldersOf(ref: string): Promise<Readonly<Record<string, string>>>;
  /** Undefined: the folder of the project. @throws ARTIFACT_NOT_FOUND */
  modelFolder(model: string): Promise<string | undefined>;
  /** Of a view (`ad_image@1`) or a model. */
  replacedOf(name: string): readonly ReplacedArtifact[];
}

/**
 * Loads the project for a verb that computes in this process. Without a database, or where nothing is applied, the
 * project's own folders are used.
 * @throws as `session.project`: also when an artifact is missing that is not applied either
 */
export async function computingProject(session: Session): Promise<ComputingProject> {
  const loaded = await loadProject(session.config.projectPath, { artifacts: 'optional' });
  // PostgreSQL away or not migrated yet: the project's folders may do
  const manifest = await alignedManifest(session, loaded).catch(() => loaded.manifest);
  const before = artifactsOf(loaded.manifest);
  const now = artifactsOf(manifest);
  const isAbsent = Object.values(now)
    .flatMap(Object.values)
    .some(({ sha256 }) => sha256 === ABSENT_ARTIFACT);
  const project = isAbsent ? await session.project() : { ...loaded, manifest };

  const replaced = (name: string): [string, ArtifactManifest, ReplacedArtifact][] =>
    Object.entries(now[name] ?? {}).flatMap(([artifact, { path, sha256 }]) => {
      const was = before[name]?.[artifact];
      if (isAbsent || was === undefined || was.sha256 === sha256) return [];
      return [[artifact, { path, sha256 }, { path: was.path, missing: was.sha256 === ABSENT_ARTIFACT }]];
    });
  const foldersOf = async (name: string): Promise<Record<string, string>> => {
    const folders: Record<string, string> = {};
    for (const [artifact, { sha256 }] of replaced(name))
      folders[artifact] = await (await session.artifacts()).folder(sha256);
    return folders;
  };
  return {
    project,
    foldersOf,
    modelFolder: async (model) => (await foldersOf(model))[OF_MODEL],
    replacedOf: (name) => replaced(name).map(([, , each]) => each),
  };
}

/** `models/encoder is missing here; the applied one of the artifact store`: the caller says what becomes of it. */
export function replacedText({ path, missing }: ReplacedArtifact): string {
  const what = missing ? 'is missing here' : 'is not what is applied';
  return `${path} ${what}; the applied one of the artifact store`;
}

export function restore(replaced: readonly ReplacedArtifact[]): string {
  const paths = replaced.map(({ path }) => shellWord(path)).join(', ');
  return `Processes go on with the applied artifact. To apply again, write ${paths} back; a view with another one needs a new version.`;
}

const OF_MODEL = 'model';

/** By view (`ad_image@1`) and by model, which have no names in common. */
function artifactsOf({
  feature_views: views,
  models,
}: Manifest): Record<string, Record<string, ArtifactManifest>> {
  return {
    ...Object.fromEntries(
      Object.entries(views).map(([ref, { compute }]) => [ref, { ...compute?.artifacts }]),
    ),
    ...Object.fromEntries(
      Object.entries(models).map(([name, { artifact }]) => [name, { [OF_MODEL]: artifact }]),
    ),
  };
}

/** A model whose folder is gone is the applied one; one that was trained again is what the next apply registers. */
async function alignedManifest(session: Session, loaded: LoadedProject): Promise<Manifest> {
  if (session.config.databaseUrl === null) return loaded.manifest;
  const store = await session.offlineStore();
  const applied = await appliedManifest(store, loaded.name);
  if (applied === null) return loaded.manifest;
  const deps = { store, artifacts: await session.artifacts() };
  const aligned = withAppliedArtifacts(applied.manifest, await alignWithApplied(deps, applied, loaded));
  const models = Object.entries(aligned.models).map(([name, model]) => {
    const known = applied.manifest.models[name]?.artifact;
    const lost = model.artifact.sha256 === ABSENT_ARTIFACT && known !== undefined;
    return [name, lost ? { ...model, artifact: known } : model] as const;
  });
  return { ...aligned, models: Object.fromEntries(models) };
}
