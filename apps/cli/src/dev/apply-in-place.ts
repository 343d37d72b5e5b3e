import { createLogger } from '@larder/core';
import { viewRef, type Manifest } from '@larder/features';
import { createOfflineStore, migrate } from '@larder/offline-store';
import { connectRedis, createOnlineStore, waitForRedis } from '@larder/online-store';
import { applyManifest, planManifest, type ApplyResult } from '@larder/registry';

const LENIENCY = { mutableVersions: true, prune: true } as const;
const REDIS_TIMEOUT_MS = 5_000;

export interface DevelopmentStores {
  readonly databaseUrl: string;
  readonly redisUrl: string;
}

/**
 * Applies definitions that may have changed without a new version, and forgets the rows of those that did. No app may
 * be running: a worker would write rows of the old code.
 * @throws DEFINITION_INVALID when history cannot hold them
 */
export async function applyInPlace(
  { databaseUrl, redisUrl }: DevelopmentStores,
  manifest: Manifest,
): Promise<ApplyResult> {
  const logger = createLogger('larder-dev', { level: 'silent' });
  const store = createOfflineStore({ databaseUrl, maxConnections: 2, logger });
  const redis = connectRedis(redisUrl, { role: 'tool' });
  try {
    await waitForRedis(redis, REDIS_TIMEOUT_MS);
    await migrate(store);
    const { forgotten } = await planManifest(store, manifest, LENIENCY);
    const onlineStore = createOnlineStore({ redis, project: manifest.project });
    // Redis first: after a crash in between the old definition is still applied, and the next apply forgets again.
    for (const { view, version, entity } of forgotten)
      await onlineStore.forgetView(entity, viewRef({ name: view, version }));
    return await applyManifest(store, manifest, { actor: 'larder dev', ...LENIENCY });
  } finally {
    redis.disconnect();
    await store.close();
  }
}
