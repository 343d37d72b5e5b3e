import type { FeatureViewManifest } from '@larder/features';
import type { OfflineStore } from '../offline-store.ts';
import { ensureMonthlyPartitions, missingMonths, monthOf } from '../partitions/monthly-partitions.ts';
import { MAX_NEW_PARTITIONS } from '../partitions/partitions.ts';
import { historyTable, type HistoryProject } from './history-table.ts';

/**
 * Creates the partitions that these rows need, a few per transaction, before the transaction that lands the rows: every
 * table that a transaction creates stays locked until it commits, and the server's lock table is finite.
 */
export async function ensureHistoryPartitions(
  store: OfflineStore,
  project: HistoryProject,
  view: FeatureViewManifest,
  rows: readonly { readonly eventTimestampMs: number }[],
): Promise<void> {
  const months = [...new Set(rows.map((row) => monthOf(row.eventTimestampMs)))];
  // As many as the landing may create itself.
  if (months.length <= MAX_NEW_PARTITIONS) return;
  const table = historyTable(project, view);
  const missing = await missingMonths(store.db, table, months);
  for (let start = 0; start < missing.length; start += MAX_NEW_PARTITIONS)
    await store.transaction((tx) =>
      ensureMonthlyPartitions(tx.db, table, missing.slice(start, start + MAX_NEW_PARTITIONS)),
    );
}
