import { setTimeout as pause } from 'node:timers/promises';
import { sql } from 'kysely';
import { CHANGES_TABLE } from '../changes/change-partitions.ts';
import type { OfflineStore } from '../offline-store.ts';
import { dropPartition, expiredPartitions, type DropPartition } from '../partitions/drop-partition.ts';
import type { PartitionedTable } from '../partitions/partitions.ts';
import { AUDIT_TABLE, ownsAudit } from '../audit/audit-owner.ts';
import { PREDICTIONS_TABLE } from '../predictions/write-predictions.ts';

/** Minimum time that rows are kept; a partition is dropped when its newest row may be. */
export interface PartitionRetention {
  readonly changesMs: number | 'forever';
  readonly predictionsMs: number | 'forever';
  /** Dropped by the owner of the audit alone. @default 'forever' */
  readonly auditMs?: number | 'forever';
}

/** Attempts per turn; a partition in use is retried a few times, and then in the next turn. */
const MAX_PARTITIONS = 32;
const ATTEMPTS = 20;
const PAUSE_MS = 50;

/** Drops partitions older than the retention, one per transaction. @returns names of the dropped partitions */
export async function dropExpired(store: OfflineStore, retention: PartitionRetention): Promise<string[]> {
  const changes = await dropOf(store, CHANGES_TABLE, retention.changesMs, (name) => ({
    // Consumers that have not read these positions yet get FEED_EXPIRED.
    before: async (db) => {
      const partition = sql.table(`${CHANGES_TABLE.schema}.${name}`);
      await sql`update larder.feeds f set first_position = greatest(f.first_position,
        1 + coalesce((select max(position) from ${partition} p where p.project = f.project), 0))`.execute(db);
    },
  }));
  const predictions = await dropOf(store, PREDICTIONS_TABLE, retention.predictionsMs);
  return [...changes, ...predictions, ...(await dropExpiredAudit(store, retention.auditMs ?? 'forever'))];
}

/** Does nothing under a login that does not own the audit: `larder migrate` drops its months then. */
export async function dropExpiredAudit(
  store: OfflineStore,
  olderThanMs: number | 'forever',
): Promise<string[]> {
  if (olderThanMs === 'forever' || !(await ownsAudit(store))) return [];
  return dropOf(store, AUDIT_TABLE, olderThanMs);
}

/** @returns names of the dropped partitions of a table, oldest first */
export async function dropOf(
  store: OfflineStore,
  table: PartitionedTable,
  olderThanMs: number | 'forever',
  withDrop: (name: string) => Pick<DropPartition, 'before'> = () => ({}),
): Promise<string[]> {
  if (olderThanMs === 'forever') return [];
  const dropped: string[] = [];
  const expired = await expiredPartitions(store, table, olderThanMs);
  for (const name of expired.slice(0, MAX_PARTITIONS)) {
    let attempts = 0;
    while (!(await dropPartition(store, { table, name, ...withDrop(name) }))) {
      // Later partitions of the same table are in use as well.
      if (++attempts === ATTEMPTS) return dropped;
      await pause(PAUSE_MS);
    }
    dropped.push(name);
  }
  return dropped;
}
