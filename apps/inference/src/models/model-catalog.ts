import type { Logger } from '@larder/core';
import type { LoadedProject, Manifest } from '@larder/features';
import type { ModelDescription } from '@larder/contracts';
import type { LoadedModel, OfflineStore } from '@larder/offline-store';
import type { RunCounts } from '@larder/model-runtime';
import {
  type AppliedManifest,
  type ArtifactStore,
  alignWithApplied,
  notLoaded,
  readServing,
  watchServing,
  type DefinitionMismatch,
  type ServableVersion,
  type ServingState,
} from '@larder/registry';
import { createAskedVersions } from './asked-versions.ts';
import { readContent } from './content-reader.ts';
import { createLanes } from './create-lanes.ts';
import { describeModels } from './describe-models.ts';
import { loadedModels } from './loaded-models.ts';
import { modelProblem } from './model-problem.ts';
import { createModelInService, type ModelInService, type ModelInServiceDeps } from './model-in-service.ts';
import { createRetiredModels } from './retired-models.ts';
import { runCounts } from './run-counts.ts';
import { createServedModel, type ServedModel, type ServedModelDeps } from './served-model.ts';
import type { StatusTotals } from './status-totals.ts';
import { absent, type Unavailable } from './unavailable.ts';

export interface ModelCatalogDeps extends ServedModelDeps {
  readonly project: LoadedProject;
  readonly offlineStore: OfflineStore;
  readonly artifacts: ArtifactStore;
  readonly logger: Logger;
  /** Limit on versions that are in memory only because callers name their numbers. */
  readonly askedVersions?: number | undefined;
}

/** The models that this process serves, kept in step with the registry. */
export interface ModelCatalog {
  /** @throws MODEL_NOT_FOUND, MODEL_NOT_READY before anything is applied */
  find(name: string): ModelInService;
  /** The applied manifest; null before the first apply, and until its models are loaded for the first time. */
  manifest(): Manifest | null;
  /** Applied definitions that the loaded code lacks: information, predictions do not need it. */
  mismatches(): readonly DefinitionMismatch[];
  inService(name: string): ModelInService | undefined;
  models(): Iterable<ModelInService>;
  /** By model: why it does not answer as the registry says. */
  problems(): ReadonlyMap<string, Unavailable>;
  /** Changes identity when a model is added, removed or swapped. */
  descriptions(): readonly ModelDescription[];
  readonly readings: StatusTotals;
  /** Queue depths of the models in thread pools. */
  runCounts(): { readonly model: string; readonly counts: RunCounts }[];
  /** What this process announces. */
  loadedModels(): LoadedModel[];
  /** Calls the listener whenever what this process announces may have changed. */
  onChange(listener: () => void): void;
  close(): Promise<void>;
}

const RETRY_INTERVAL_MS = 5_000;
/** Number of versions that are loaded at the same time: each has its own thread, so a slow one does not delay the others. */
const LOADING_LANES = 4;

/** Reads the registry, loads what the aliases point to, and follows every later change within a second. */
export async function createModelCatalog(deps: ModelCatalogDeps): Promise<ModelCatalog> {
  const { project, offlineStore, artifacts, logger } = deps;
  const models = new Map<string, ModelInService>();
  const lane = createLanes(LOADING_LANES);
  const retired = createRetiredModels(opened);
  const listeners = new Set<() => void>();
  let state: ServingState | null = null;
  let aligned: Promise<Manifest> | null = null;
  let mismatches: readonly DefinitionMismatch[] = [];
  let descriptions: readonly ModelDescription[] = [];
  let starting: Promise<void> | null = null;
  let started = false;
  const asked = createAskedVersions({
    places: deps.askedVersions,
    load: async ({ model, version }) => (await models.get(model)?.load(version)) ?? false,
    drop: ({ model }) => models.get(model)?.sweep(),
  });

  function* opened(): Iterable<ServedModel> {
    for (const model of models.values()) yield* model.opened();
  }

  function open(version: ServableVersion, known: () => Iterable<ServedModel>): Promise<ServedModel> {
    return lane(async () => {
      const content = await readContent({ ...deps, aligned: alignedProject }, version);
      const applied = state?.applied?.manifest ?? content.manifest;
      return createServedModel(deps, {
        name: version.model,
        version: version.version,
        content,
        contentDigest: version.contentDigest,
        applied,
        known: () => Array.from(known(), ({ runner }) => runner),
      });
    });
  }

  function swapped(): void {
    descriptions = describeModels(models.values());
    for (const listener of listeners) listener();
  }

  /** Nothing waits for the promise but the start: what is warm answers at once. */
  async function install(next: ServingState): Promise<void> {
    state = next;
    if (next.applied === null) return;
    const applied = next.applied.manifest;
    compareCode(next.applied);
    for (const [name, model] of models) if (!Object.hasOwn(applied.models, name)) remove(name, model);
    for (const name of Object.keys(applied.models)) {
      const record = next.models.get(name);
      if (record === undefined) continue;
      const model = models.get(name) ?? createModelInService(name, { ...inServiceDeps });
      models.set(name, model);
      model.follow(record, applied);
    }
    // A move may be in force, or known to fail, without another swap.
    for (const listener of listeners) listener();
    await (starting ??= start());
  }

  /** The process is ready once the first definitions that it hears of are loaded, or known to be broken. */
  async function start(): Promise<void> {
    await Promise.all(Array.from(models.values(), ({ settled }) => settled));
    started = true;
    tryAgain();
  }

  function tryAgain(): void {
    for (const model of models.values()) model.retry();
  }

  function remove(name: string, model: ModelInService): void {
    models.delete(name);
    void model.close();
    swapped();
  }

  /** The loaded project's manifest, with the applied identities where the code is the same. */
  function alignedProject(): Promise<Manifest> {
    aligned ??= alignWithApplied({ store: offlineStore, artifacts }, state?.applied ?? null, project).catch(
      (error: unknown) => {
        aligned = null;
        throw error;
      },
    );
    return aligned;
  }

  function compareCode({ manifest }: AppliedManifest): void {
    aligned = null;
    alignedProject().then(
      (loaded) => void (mismatches = notLoaded(manifest, loaded)),
      (error: unknown) =>
        logger.warn({ err: error }, 'The loaded code cannot be compared with what is applied'),
    );
  }

  const inServiceDeps: ModelInServiceDeps = {
    open,
    retire: retired.retire,
    onChange: swapped,
    asked,
    mayLoadSpares: () => started,
    logger,
  };

  const first = await readServing(offlineStore, project.name).catch((error: unknown) => {
    logger.warn({ err: error }, 'The registry cannot be read yet');
    return null;
  });
  if (first !== null) await install(first);
  const watch = watchServing({
    store: offlineStore,
    project: project.name,
    logger,
    known: first?.revision ?? null,
    onChange: (next) =>
      void install(next).catch((error: unknown) =>
        logger.error({ err: error }, 'A change of the registry could not be followed'),
      ),
  });
  const retry = setInterval(tryAgain, RETRY_INTERVAL_MS).unref();

  return {
    find(name) {
      const model = models.get(name);
      if (model !== undefined) return model;
      throw absent(name, state?.applied ? Object.keys(state.applied.manifest.models) : null);
    },
    manifest: () => (started ? (state?.applied?.manifest ?? null) : null),
    mismatches: () => mismatches,
    inService: (name) => models.get(name),
    models: () => models.values(),
    problems() {
      const problems = new Map<string, Unavailable>();
      for (const model of models.values()) {
        const problem = modelProblem(model);
        if (problem !== undefined) problems.set(model.name, problem);
      }
      return problems;
    },
    descriptions: () => descriptions,
    readings: retired.readings,
    runCounts: () => runCounts(opened()),
    loadedModels: () => [...models.values()].flatMap(loadedModels),
    onChange: (listener) => void listeners.add(listener),
    async close() {
      clearInterval(retry);
      await watch.close();
      await asked.close();
      await Promise.all(Array.from(models.values(), (model) => model.close()));
      await retired.close();
    },
  };
}
