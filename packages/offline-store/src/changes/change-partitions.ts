import { sql } from 'kysely';
import type { OfflineStore } from '../offline-store.ts';
import { dailyPartition } from '../partitions/daily-partition.ts';
import { ensurePartitions, missingPartitions } from '../partitions/partitions.ts';

export const CHANGES_TABLE = { schema: 'larder', name: 'changes' };

/** Creates the partitions of today and tomorrow, by PostgreSQL's clock, which also dates numbered changes. */
export async function ensureChangePartitions(store: OfflineStore): Promise<void> {
  const { rows } = await sql<{ now: Date }>`select now() as now`.execute(store.db);
  const nowMs = rows[0]?.now.getTime() ?? NaN;
  const wanted = [dailyPartition(nowMs), dailyPartition(nowMs, 1)];
  if ((await missingPartitions(store.db, CHANGES_TABLE, wanted)).length === 0) return;
  await store.transaction((tx) => ensurePartitions(tx.db, CHANGES_TABLE, wanted));
}
