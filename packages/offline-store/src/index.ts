// Connection and migrations
export { createOfflineStore } from './offline-store.ts';
export type { OfflineStore, OfflineStoreOptions, StoreTransaction } from './offline-store.ts';
export { migrate, pendingMigrations } from './migrate.ts';
export type { MigrateResult } from './migrate.ts';
export type { Database } from './database.ts';
// History
export { appendHistory } from './history/append-history.ts';
export { ensureHistory, ensureHistoryIn } from './history/ensure-history.ts';
export type { HistoryProject, HistoryRow } from './history/history-table.ts';
