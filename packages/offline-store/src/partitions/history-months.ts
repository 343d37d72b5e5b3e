import { sql } from 'kysely';
import type { OfflineStore } from '../offline-store.ts';
import type { PartitionedTable } from './partitions.ts';

export interface HistoryMonth {
  /** UTC month of the event timestamps: `2026-11`. */
  readonly month: string;
  /** Name of the partition, in the schema of its table. */
  readonly partition: string;
}

/** The monthly partitions of a history table, in order; none when the table does not exist. */
export async function historyMonths(
  store: Pick<OfflineStore, 'db'>,
  table: PartitionedTable,
): Promise<HistoryMonth[]> {
  const { rows } = await sql<{ partition: string }>`
    select c.relname as partition from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = to_regclass(${`"${table.schema}"."${table.name}"`}) order by 1`.execute(store.db);
  return rows.map(({ partition }) => ({ month: partition.slice(-7).replace('_', '-'), partition }));
}
