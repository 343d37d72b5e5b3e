import { join, resolve } from 'node:path';
import { createLogger, type Logger } from '@larder/core';
import { loadProject, type Manifest } from '@larder/features';
import { openStateFolder, removeStateFolder, startEmbeddedPostgres, startEmbeddedRedis } from '@larder/infra';
import {
  createOfflineStore,
  ensureEventsIn,
  ensureTilesIn,
  migrate,
  projectKeyHasher,
  type OfflineStore,
} from '@larder/offline-store';
import {
  connectRedis,
  createOnlineStore,
  waitForRedis,
  type OnlineStore,
  type Redis,
} from '@larder/online-store';
import { cpuSeconds } from '../materialize/process-usage.ts';

export interface WindowStores {
  readonly manifest: Manifest;
  readonly offlineStore: OfflineStore;
  readonly onlineStore: OnlineStore;
  readonly redis: Redis;
  readonly logger: Logger;
  /** CPU seconds so far of this process, PostgreSQL and Redis. */
  cpu(): readonly number[];
  close(): Promise<void>;
}

/** A private PostgreSQL and Redis with the event source and the windowed view of this folder. */
export async function startWindowStores(): Promise<WindowStores> {
  const { manifest } = await loadProject(join(import.meta.dirname, 'larder.config.ts'));
  const logger = createLogger('bench', { level: 'warn' });
  const folder = openStateFolder(resolve(import.meta.dirname, '../../..'), `bench-${process.pid}`);
  const postgres = await startEmbeddedPostgres(folder, { settings: { max_wal_size: '4GB' } });
  const server = await startEmbeddedRedis(folder, { durable: false, settings: {} });
  const offlineStore = createOfflineStore({ databaseUrl: postgres.url('postgres'), logger });
  const redis = connectRedis(server.url, { role: 'tool' });
  await waitForRedis(redis, 30_000);
  await migrate(offlineStore);
  await offlineStore.transaction(async (tx) => {
    for (const source of Object.values(manifest.event_sources ?? {}))
      await ensureEventsIn(tx, manifest, source);
    for (const view of Object.values(manifest.feature_views)) await ensureTilesIn(tx, manifest, view);
  });
  return {
    manifest,
    offlineStore,
    onlineStore: createOnlineStore({
      redis,
      project: manifest.project,
      keyHasher: () => projectKeyHasher(offlineStore, manifest.project),
    }),
    redis,
    logger,
    cpu: () => {
      const { user, system } = process.cpuUsage();
      return [(user + system) / 1e6, cpuSeconds(postgres.process.pid), cpuSeconds(server.process.pid)];
    },
    async close() {
      redis.disconnect();
      await offlineStore.close();
      await server.stop();
      await postgres.stop();
      removeStateFolder(folder);
    },
  };
}
