import { createLogger } from '@larder/core';
import { createOfflineStore, migrate, type OfflineStore } from '@larder/offline-store';
import type { Session } from './session.ts';

/** Does `work` on the database under the login that owns the control tables, if one is configured, else under the usual one. */
export async function asOwner<T>(
  { config, offlineStore }: Pick<Session, 'config' | 'offlineStore'>,
  work: (store: OfflineStore) => Promise<T>,
): Promise<T> {
  const { ownerDatabaseUrl: databaseUrl } = config;
  if (databaseUrl === null) return work(await offlineStore());
  const logger = createLogger('larder', { level: 'silent' });
  const store = createOfflineStore({ databaseUrl, maxConnections: 2, logger });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** Migrates under the owner's login where one is configured; elsewhere the use case migrates itself. */
export async function migrateAsOwner(session: Session): Promise<void> {
  if (session.config.ownerDatabaseUrl !== null) await asOwner(session, migrate);
}
