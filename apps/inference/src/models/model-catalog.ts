import type { Logger } from '@larder/core';
import type { Manifest } from '@larder/features';
import type { LoadedModel, OfflineStore } from '@larder/offline-store';
import {
  appliedManifest,
  modelVersion,
  notLoaded,
  watchApplied,
  type AppliedManifest,
  type AppliedWatch,
  type DefinitionMismatch,
} from '@larder/registry';
import {
  absent,
  beingLoaded,
  definitionNotLoaded,
  mismatchesOf,
  notReady,
  type Unavailable,
} from './unavailable.ts';
import { inLanes } from './in-lanes.ts';
import { createServedModel, type ServedModel, type ServedModelDeps } from './served-model.ts';
import { createServedModels, type ServedModels } from './served-models.ts';

export interface ModelCatalogDeps extends ServedModelDeps {
  readonly offlineStore: OfflineStore;
  readonly logger: Logger;
}

/** The models that this process serves, kept in step with the applied manifest. */
export interface ModelCatalog extends Pick<ServedModels, 'descriptions' | 'readings' | 'runCounts'> {
  /** @throws MODEL_NOT_FOUND, MODEL_NOT_READY, DEFINITION_NOT_LOADED */
  find(name: string): ServedModel;
  /** The applied manifest; null before the first apply or until it can be read. */
  manifest(): Manifest | null;
  mismatches(): readonly DefinitionMismatch[];
  unavailable(): ReadonlyMap<string, Unavailable>;
  /** Every applied model with the version that is served. */
  loadedModels(): LoadedModel[];
  close(): Promise<void>;
}

const RETRY_INTERVAL_MS = 5_000;
/** Number of models that are loaded at the same time: each has its own thread, so a slow one does not delay the others. */
const LOADING_LANES = 4;

/** Reads the applied manifest, loads its models, and follows every later apply within a second. */
export async function createModelCatalog(deps: ModelCatalogDeps): Promise<ModelCatalog> {
  const { project, offlineStore, logger } = deps;
  const served = createServedModels();
  const unavailable = new Map<string, Unavailable>();
  let latest: AppliedManifest | null = null;
  let applied: AppliedManifest | null = null;
  let mismatches: readonly DefinitionMismatch[] = [];
  /** The latest requested work, by model. */
  const turns = new Map<string, Promise<void>>();
  const busy = new Set<string>();

  /** Resolves when every model is loaded or known to be broken; each model changes as soon as it is done. */
  async function install(next: AppliedManifest): Promise<void> {
    latest = next;
    const first = applied === null;
    if (!first) publish(next);
    const names = new Set([...turns.keys(), ...Object.keys(next.manifest.models)]);
    await inLanes([...names], LOADING_LANES, (name) => inTurn(name, { next, first }));
    if (first) publish(next);
  }

  function publish(next: AppliedManifest): void {
    applied = next;
    mismatches = notLoaded(next.manifest, project.manifest);
    for (const name of Object.keys(next.manifest.models))
      if (served.get(name) === undefined && !unavailable.has(name)) unavailable.set(name, beingLoaded(name));
  }

  /** Work on one model is sequential: two applies must not both load it. */
  function inTurn(name: string, { next, first }: { next: AppliedManifest; first: boolean }): Promise<void> {
    const work = async (): Promise<void> => {
      // A later apply has its own turn.
      if (latest !== next) return;
      busy.add(name);
      try {
        await replace(name, next.manifest);
      } catch (error) {
        // Until the first apply is installed nothing is served, and all of it is retried.
        if (first) throw error;
        unavailable.set(name, notReady(name, error));
      } finally {
        busy.delete(name);
      }
    };
    const turn = (turns.get(name) ?? Promise.resolve()).then(work);
    turns.set(
      name,
      turn.catch(() => {}),
    );
    return turn;
  }

  async function replace(name: string, manifest: Manifest): Promise<void> {
    if (!Object.hasOwn(manifest.models, name)) {
      unavailable.delete(name);
      served.swap(name, undefined);
      return;
    }
    const reasons = mismatchesOf(manifest, name, notLoaded(manifest, project.manifest));
    if (reasons.length > 0) {
      const error = definitionNotLoaded(name, reasons);
      unavailable.set(name, { error, detail: error.message, tryAgain: false });
      served.swap(name, undefined);
      return;
    }
    const version = await versionOf(manifest, name);
    try {
      served.swap(name, await createServedModel(deps, { manifest, name, version, before: served.get(name) }));
      unavailable.delete(name);
    } catch (error) {
      // The previous version, if there is one, stays in service.
      if (String(unavailable.get(name)?.error.cause) !== String(error))
        logger.error({ err: error, model: name }, 'A model cannot be served');
      unavailable.set(name, notReady(name, error));
    }
  }

  async function versionOf(manifest: Manifest, name: string): Promise<number> {
    const newest = await modelVersion(offlineStore, manifest.project, name);
    // A later apply came in between: the watch delivers its manifest next.
    if (newest?.artifactSha256 !== manifest.models[name]?.artifact.sha256)
      throw new Error(`The newest version of ${name} is not the one of this manifest.`);
    return newest?.version ?? 0;
  }

  const first = await appliedManifest(offlineStore, project.name).catch((error: unknown) => {
    logger.warn({ err: error }, 'Applied definitions cannot be read yet');
    return null;
  });
  if (first !== null)
    await install(first).catch((error: unknown) =>
      logger.warn({ err: error }, 'Applied definitions could not be installed yet'),
    );
  const watch: AppliedWatch = watchApplied({
    store: offlineStore,
    project: project.name,
    logger,
    knownId: (applied as AppliedManifest | null)?.id ?? null,
    // A model that takes long does not delay later applies.
    onChange(next) {
      const installed = install(next);
      if (applied === null) return installed;
      installed.catch((error: unknown) => logger.error({ err: error }, 'An apply could not be followed'));
      return undefined;
    },
  });
  // An artifact may be copied to its folder after the apply.
  const retry = setInterval(() => {
    if (latest === null || applied === null) return;
    for (const [name, { tryAgain }] of unavailable)
      if (tryAgain && !busy.has(name)) void inTurn(name, { next: latest, first: false });
  }, RETRY_INTERVAL_MS).unref();

  return {
    find(name) {
      const model = served.get(name);
      if (model !== undefined) return model;
      throw unavailable.get(name)?.error ?? absent(project, name, applied);
    },
    manifest: () => applied?.manifest ?? null,
    mismatches: () => mismatches,
    unavailable: () => unavailable,
    descriptions: served.descriptions,
    loadedModels: () =>
      Object.keys(applied?.manifest.models ?? {}).map((name) => {
        const model = served.get(name);
        return {
          model: name,
          version: model?.version ?? null,
          ready: model !== undefined && !unavailable.has(name),
          reads: model?.predictor.plan.views.map(({ ref }) => ref) ?? [],
        };
      }),
    readings: served.readings,
    runCounts: served.runCounts,
    async close() {
      clearInterval(retry);
      await watch.close();
      await Promise.all(turns.values());
      await served.close();
    },
  };
}
