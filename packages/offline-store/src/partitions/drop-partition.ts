import { sql, type Transaction } from 'kysely';
import pg from 'pg';
import type { Database } from '../database.ts';
import type { OfflineStore } from '../offline-store.ts';
import type { PartitionedTable } from './partitions.ts';

const LOCK_NOT_AVAILABLE = '55P03';
/** Longest wait for sessions that use the partition directly, not through its table. */
const LOCK_TIMEOUT_MS = 50;

/** Names of the partitions whose whole range is before `now() - olderThanMs`, by PostgreSQL's clock; oldest first. */
export async function expiredPartitions(
  store: Pick<OfflineStore, 'db'>,
  table: PartitionedTable,
  olderThanMs: number,
): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select name from (
      select c.relname as name,
        (regexp_match(pg_get_expr(c.relpartbound, c.oid), 'TO \\(''([^'']+)''\\)'))[1]::timestamptz as until
      from pg_inherits i join pg_class c on c.oid = i.inhrelid
      where i.inhparent = to_regclass(${`"${table.schema}"."${table.name}"`})
    ) partitions
    where until <= now() - ${olderThanMs} * interval '1 millisecond' order by until`.execute(store.db);
  return rows.map(({ name }) => name);
}

export interface DropPartition {
  readonly table: PartitionedTable;
  readonly name: string;
  /** Runs in the same transaction, when no other session uses the table. */
  readonly before?: (db: Transaction<Database>) => Promise<void>;
}

/**
 * Drops a partition if no other session uses its table at this moment. It never waits in the lock queue, where every
 * later reader and writer would wait behind it. False: in use, or another process is dropping it.
 */
export async function dropPartition(store: OfflineStore, drop: DropPartition): Promise<boolean> {
  const { table, name, before } = drop;
  return store.transaction(async ({ db }) => {
    const turn = await sql<{ mine: boolean }>`select
      pg_try_advisory_xact_lock(hashtextextended('larder:retention', 0)) as mine,
      set_config('lock_timeout', ${String(LOCK_TIMEOUT_MS)}, true)`.execute(db);
    if (turn.rows[0]?.mine !== true) return false;
    await sql`savepoint unlocked`.execute(db);
    try {
      await sql`lock table ${sql.table(`${table.schema}.${table.name}`)} in access exclusive mode nowait`.execute(
        db,
      );
      await before?.(db);
      if (table.schema === 'larder' && table.name !== 'audit')
        await sql`select larder.drop_partition(${name})`.execute(db);
      else await sql`drop table if exists ${sql.table(`${table.schema}.${name}`)}`.execute(db);
      return true;
    } catch (error) {
      if (!(error instanceof pg.DatabaseError && error.code === LOCK_NOT_AVAILABLE)) throw error;
      await sql`rollback to savepoint unlocked`.execute(db);
      return false;
    }
  });
}
