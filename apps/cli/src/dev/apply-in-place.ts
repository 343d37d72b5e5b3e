import { viewRef, type Manifest } from '@larder/features';
import { replayHistory } from '@larder/materialization/online';
import type { OfflineStore } from '@larder/offline-store';
import { connectRedis, createOnlineStore, waitForRedis, type OnlineStore } from '@larder/online-store';
import {
  alignSources,
  appliedManifest,
  applyManifest,
  planManifest,
  type ApplyResult,
} from '@larder/registry';
import { LENIENCY, withOfflineStore, type DevelopmentStores } from './development-stores.ts';

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
  const result = await applyManifest(store, manifest, { actor: 'larder dev', ...LENIENCY });
  // After a crash here the rows are in history alone: the next backfill restores them without computing.
  for (const { view: name, version } of result.restored) {
    const view = manifest.feature_views[viewRef({ name, version })];
    if (view !== undefined) await replayHistory({ store, onlineStore, manifest, view });
  }
  return result;
}
