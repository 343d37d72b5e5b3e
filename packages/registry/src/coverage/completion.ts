import { isLarderError, type Logger } from '@larder/core';
import { DEFAULT_COVERAGE, type Manifest } from '@larder/features';
import type { OfflineStore } from '@larder/offline-store';
import { appliedId, appliedManifest } from '../applied/applied-manifest.ts';
import { readModelContent } from '../model-versions/read-model-versions.ts';
import { bumpRevisionIn } from '../revision/revision.ts';
import { createEntityCounts } from './entity-counts.ts';
import { readFillingVersions, type FillingVersion } from './filling-versions.ts';
import { readViewCoverage, type ViewCoverage } from './view-coverage.ts';

export interface CompletionOptions {
  readonly store: OfflineStore;
  readonly project: string;
  readonly logger: Pick<Logger, 'info'>;
  /** Between two counts of the history of a view version whose runs cannot tell its coverage. @default 5 minutes */
  readonly countPauseMs?: number;
}

/** How far a model version is from being complete. */
export interface VersionCoverage {
  readonly model: string;
  readonly version: number;
  /** The declared share that every view must reach. */
  readonly wanted: number;
  /** Every view version that it reads and that the newest complete version does not. */
  readonly views: readonly ViewCoverage[];
}

export interface Completion {
  /** Coverage of the versions that are not complete: of each model those after its newest complete one. */
  read(): Promise<VersionCoverage[]>;
  /** Marks the versions as complete whose views have reached their coverage, for good. Any number of processes may call it. */
  completeVersions(): Promise<VersionCoverage[]>;
}

/** Follows how the views of new model versions fill. It keeps contents and counts between calls, so that a turn without news costs one query. */
export function createCompletion(options: CompletionOptions): Completion {
  const { store, project, logger, countPauseMs = 300_000 } = options;
  const counts = createEntityCounts(store, { pauseMs: countPauseMs });
  /** By model version; contents never change. */
  const contents = new Map<string, Manifest>();
  let declared: { readonly manifestId: number; readonly models: Manifest['models'] } | null = null;

  async function readAll(): Promise<VersionCoverage[]> {
    const filling = await readFillingVersions(store, project);
    const readers: (FillingVersion & { readonly manifest: Manifest; readonly refs: readonly string[] })[] =
      [];
    for (const version of filling) {
      const manifest = await contentManifest(version.model, version.version);
      if (manifest === null) continue;
      const before =
        version.completeVersion === null
          ? null
          : await contentManifest(version.model, version.completeVersion);
      const served = new Set(Object.keys(before?.feature_views ?? {}));
      const refs = Object.keys(manifest.feature_views).filter((ref) => !served.has(ref));
      readers.push({ ...version, manifest, refs });
    }
    for (const key of contents.keys())
      if (
        !filling.some(
          (each) => key === name(each.model, each.version) || key === name(each.model, each.completeVersion),
        )
      )
        contents.delete(key);
    if (readers.length === 0) return [];
    const refs = [...new Set(readers.flatMap((reader) => reader.refs))];
    const coverages = new Map(
      (
        await readViewCoverage(store, {
          manifest: merged(readers.map(({ manifest }) => manifest)),
          refs,
          counts,
        })
      ).map((coverage) => [coverage.ref, coverage]),
    );
    const models = await declaredModels();
    return readers.map(({ model, version, manifest, refs: read }) => ({
      model,
      version,
      wanted: (models[model] ?? manifest.models[model])?.coverage ?? DEFAULT_COVERAGE,
      views: read.flatMap((ref) => coverages.get(ref) ?? []),
    }));
  }

  async function contentManifest(model: string, version: number): Promise<Manifest | null> {
    const known = contents.get(name(model, version));
    if (known !== undefined) return known;
    const content = await readModelContent(store, { project, model, version }).catch(nullIfUnreadable);
    if (content !== null) contents.set(name(model, version), content.manifest);
    return content?.manifest ?? null;
  }

  /** Coverage is a policy: the applied one counts, also for versions that were registered with another. */
  async function declaredModels(): Promise<Manifest['models']> {
    const manifestId = await appliedId(store, project);
    if (manifestId === null) return {};
    if (declared?.manifestId !== manifestId) {
      const applied = await appliedManifest(store, project).catch(nullIfUnreadable);
      declared = { manifestId, models: applied?.manifest.models ?? {} };
    }
    return declared.models;
  }

  return {
    read: readAll,
    async completeVersions() {
      const reached = (await readAll()).filter(({ views, wanted }) =>
        views.every(({ share }) => share >= wanted),
      );
      const completed: VersionCoverage[] = [];
      for (const each of reached) if (await setComplete(store, project, each)) completed.push(each);
      for (const { model, version, views } of completed)
        logger.info({ model, version, views: views.map(({ ref }) => ref) }, 'A model version is complete');
      return completed;
    },
  };
}

function setComplete(
  store: OfflineStore,
  project: string,
  { model, version }: Pick<VersionCoverage, 'model' | 'version'>,
): Promise<boolean> {
  return store.transaction(async (tx) => {
    await bumpRevisionIn(tx, project);
    const { numUpdatedRows } = await tx.db
      .updateTable('larder.model_versions')
      .set((eb) => ({ complete_at: eb.fn<Date>('now') }))
      .where('project', '=', project)
      .where('model', '=', model)
      .where('version', '=', version)
      .where('complete_at', 'is', null)
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  });
}

/** A later release may have written it; what this one can read must not wait for it. */
function nullIfUnreadable(error: unknown): null {
  if (isLarderError(error) && error.code === 'MANIFEST_INVALID') return null;
  throw error;
}

function name(model: string, version: number | null): string {
  return `${model}@${version}`;
}

/** What history needs of several contents: view versions never change, so that equal references mean the same. */
function merged(manifests: readonly Manifest[]): Manifest {
  const [first] = manifests as [Manifest];
  return {
    ...first,
    entities: Object.assign({}, ...manifests.map(({ entities }) => entities)) as Manifest['entities'],
    feature_views: Object.assign(
      {},
      ...manifests.map((each) => each.feature_views),
    ) as Manifest['feature_views'],
  };
}
