import { viewRef, type Manifest } from '@larder/features';
import { replayHistory } from '@larder/materialization/online';
import type { OfflineStore } from '@larder/offline-store';
import { connectRedis, createOnlineStore, waitForRedis, type OnlineStore } from '@larder/online-store';
import {
  alignSources,
  appliedManifest,
  applyManifest,
  CHAMPION,
  moveAlias,
  planManifest,
  readAliases,
  type ApplyResult,
} from '@larder/registry';
import { LENIENCY, withOfflineStore, type DevelopmentStores } from './development-stores.ts';

const ACTOR = 'larder dev';
const REDIS_TIMEOUT_MS = 5_000;

/**
 * Applies definitions that may have changed without a new version. The rows of those that did are set aside, and rows that
 * the new definition computed before come back. No app may be running: a worker would write rows of the old code.
 * @throws DEFINITION_INVALID when history cannot hold them
 */
export function applyInPlace(stores: DevelopmentStores, manifest: Manifest): Promise<ApplyResult> {
  return withOfflineStore(stores, async (store) => {
    const redis = connectRedis(stores.redisUrl, { role: 'tool' });
    try {
      await waitForRedis(redis, REDIS_TIMEOUT_MS);
      return await replaceRows(
        { store, onlineStore: createOnlineStore({ redis, project: manifest.project }) },
        manifest,
      );
    } finally {
      redis.disconnect();
    }
  });
}

async function replaceRows(
  { store, onlineStore }: { readonly store: OfflineStore; readonly onlineStore: OnlineStore },
  edited: Manifest,
): Promise<ApplyResult> {
  const applied = await appliedManifest(store, edited.project);
  const manifest = alignSources(applied?.manifest ?? null, edited);
  const { forgotten } = await planManifest(store, manifest, LENIENCY);
  // Redis first: after a crash in between the old definition is still applied, and the next apply forgets again.
  for (const { view, version, entity } of forgotten)
    await onlineStore.forgetView(entity, viewRef({ name: view, version }));
  const result = await applyManifest(store, manifest, { actor: ACTOR, ...LENIENCY });
  // After a crash here the rows are in history alone: the next backfill restores them without computing.
  for (const { view: name, version } of result.restored) {
    const view = manifest.feature_views[viewRef({ name, version })];
    if (view !== undefined) await replayHistory({ store, onlineStore, manifest, view });
  }
  await serveApplied({ store, project: manifest.project }, result.modelVersions);
  return result;
}

/**
 * Makes the versions of the edited definitions the ones that answer: an earlier version is complete, but its views were
 * changed in place, and their rows with them. An alias that a person moved stays.
 */
async function serveApplied(
  { store, project }: { readonly store: OfflineStore; readonly project: string },
  versions: Readonly<Record<string, number>>,
): Promise<void> {
  for (const { model, alias, version, move } of await readAliases(store, project)) {
    const toVersion = versions[model];
    if (alias !== CHAMPION || toVersion === undefined || toVersion === version) continue;
    if (move !== null && move.actor !== ACTOR) continue;
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
}
