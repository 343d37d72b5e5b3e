import { createLogger } from '@larder/core';
import { createOfflineStore, migrate, type OfflineStore } from '@larder/offline-store';

/** What changes in development: versions in place, and what is no longer defined goes. */
export const LENIENCY = { mutableVersions: true, prune: true } as const;

export interface DevelopmentStores {
  readonly databaseUrl: string;
  readonly redisUrl: string;
}

/** Opens the migrated offline store for as long as `work` takes. */
export async function withOfflineStore<T>(
  { databaseUrl }: Pick<DevelopmentStores, 'databaseUrl'>,
  work: (store: OfflineStore) => Promise<T>,
): Promise<T> {
  const logger = createLogger('larder-dev', { level: 'silent' });
  const store = createOfflineStore({ databaseUrl, maxConnections: 2, logger });
  try {
    await migrate(store);
    return await work(store);
  } finally {
    await store.close();
  }
}
