import { createLogger } from '@larder/core';
import type { ArtifactPlaces } from '@larder/core/config';
import { viewRef, type LoadedProject } from '@larder/features';
import { eventSourceView } from '@larder/materialization/events';
import { replayHistory } from '@larder/materialization/online';
import { countPushedRows } from '@larder/materialization/push';
import { createOfflineStore, type OfflineStore, projectKeyHasher } from '@larder/offline-store';
import { connectRedis, createOnlineStore, waitForRedis } from '@larder/online-store';
import {
  CHAMPION,
  createArtifactStore,
  moveAlias,
  planProject,
  prepareApply,
  readAliases,
  type ApplyResult,
  type Plan,
} from '@larder/registry';
import { checkSources, type SourceReader } from './check-sources.ts';
import type { PushedRows } from './confirm-pushed.ts';

/** What changes in development: versions in place, and what is no longer defined goes. */
const LENIENCY = { mutableVersions: true, prune: true } as const;
const ACTOR = 'larder dev';
const REDIS_TIMEOUT_MS = 5_000;

export interface ChangeStores {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly artifacts: ArtifactPlaces;
  /** Addresses of source databases by connection name. */
  readonly connections: Readonly<Record<string, string>>;
}

export interface ChangeCheck {
  /** Pushed rows that the change sets aside. */
  readonly pushed: readonly PushedRows[];
  /** What could not be checked, or looks wrong and stops nobody. */
  readonly notes: readonly string[];
}

/** A model whose champion somebody moved by hand: it does not follow the edits. */
export interface PinnedModel {
  readonly model: string;
  readonly serves: number;
  readonly newest: number;
  readonly actor: string;
}

export interface ChangeResult extends Pick<
  ApplyResult,
  'changes' | 'modelVersions' | 'forgotten' | 'restored'
> {
  readonly pinned: readonly PinnedModel[];
}

export interface PreparedChange {
  readonly check: ChangeCheck;
  /**
   * Applies the definitions. The rows of those that changed are set aside, and rows that the new definition computed
   * before come back. No app may be running: a worker would write rows of the old code.
   * @throws APPLY_CONFLICT; DEFINITION_INVALID when history cannot hold them
   */
  commit(): Promise<ChangeResult>;
}

/**
 * Does everything of an apply that can be refused, while the apps still run: the query of each new or changed view, and of
 * the past of events, against its source, and what `prepareApply` checks and stores. The stores stay open as long as this process.
 * @throws SOURCE_QUERY_INVALID, and what applying refuses: then nothing was touched
 */
export async function prepareChange(project: LoadedProject, stores: ChangeStores): Promise<PreparedChange> {
  const logger = createLogger('larder-dev', { level: 'silent' });
  const store = createOfflineStore({ databaseUrl: stores.databaseUrl, maxConnections: 2, logger });
  const artifacts = createArtifactStore({ store, ...stores.artifacts, logger });
  const deps = { store, artifacts };
  const planned = await planProject(deps, project, LENIENCY);
  const { plan, aligned, state } = planned;
  const applied = state.applied?.manifest.feature_views ?? {};
  const changed = Object.entries(aligned.feature_views)
    .filter(([ref, { fingerprint }]) => applied[ref]?.fingerprint !== fingerprint)
    .map(([, view]): SourceReader => {
      const { [view.entity]: entity } = aligned.entities;
      if (entity === undefined) throw new Error(`The manifest has no entity ${view.entity}.`);
      return { manifest: view, entity };
    });
  const pasts = Object.values(aligned.event_sources ?? {}).map(eventSourceView);
  const notes = await checkSources([...changed, ...pasts], {
    root: project.root,
    connections: stores.connections,
  });
  const options = { actor: ACTOR, ...LENIENCY };
  const prepared = await prepareApply(deps, project, { planned, options });
  return {
    check: { pushed: await pushedRows(store, plan), notes },
    async commit() {
      const redis = connectRedis(stores.redisUrl, { role: 'tool' });
      try {
        await waitForRedis(redis, REDIS_TIMEOUT_MS);
        const onlineStore = createOnlineStore({
          redis,
          project: aligned.project,
          keyHasher: () => projectKeyHasher(store, aligned.project),
        });
        // Redis first: after a crash in between the old definition is still applied, and the next apply forgets again.
        for (const { view, version, entity } of plan.forgotten)
          await onlineStore.forgetView(entity, viewRef({ name: view, version }));
        const { changes, modelVersions, forgotten, restored } = await prepared.commit();
        // After a crash here the rows are in history alone: the next backfill restores them without computing.
        for (const { view: name, version } of restored) {
          const view = aligned.feature_views[viewRef({ name, version })];
          if (view !== undefined) await replayHistory({ store, onlineStore, manifest: aligned, view });
        }
        const pinned = await serveApplied({ store, project: aligned.project }, modelVersions);
        return { changes, modelVersions, forgotten, restored, pinned };
      } finally {
        redis.disconnect();
      }
    },
  };
}

async function pushedRows(store: OfflineStore, { project, forgotten }: Plan): Promise<PushedRows[]> {
  const found: PushedRows[] = [];
  for (const { view, version, takesPushes } of forgotten) {
    const rows = takesPushes ? await countPushedRows(store, { project, view, version }) : 0;
    if (rows > 0) found.push({ ref: viewRef({ name: view, version }), rows });
  }
  return found;
}

/**
 * Makes the versions of the edited definitions the ones that answer: an earlier version is complete, but its views were
 * changed in place, and their rows with them. An alias that a person moved stays, and is returned.
 */
async function serveApplied(
  { store, project }: { readonly store: OfflineStore; readonly project: string },
  versions: Readonly<Record<string, number>>,
): Promise<PinnedModel[]> {
  const pinned: PinnedModel[] = [];
  for (const { model, alias, version, move } of await readAliases(store, project)) {
    const toVersion = versions[model];
    if (alias !== CHAMPION || toVersion === undefined || toVersion === version) continue;
    if (move !== null && move.actor !== ACTOR) {
      pinned.push({ model, serves: version, newest: toVersion, actor: move.actor });
      continue;
    }
    const reason = 'The definitions were changed in place.';
    await moveAlias(store, {
      project,
      model,
      alias,
      toVersion,
      actor: ACTOR,
      reason,
      acceptIncomplete: true,
    });
  }
  return pinned;
}
