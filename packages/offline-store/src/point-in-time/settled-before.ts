import { sql } from 'kysely';
import type { OfflineStore } from '../offline-store.ts';

/**
 * A writer locks its table right after it begins, and the store ends transactions that idle for a minute: an older
 * transaction without such a lock does not write.
 */
const UNKNOWN_FOR_SECONDS = 60;

/**
 * An instant before which no row of the tables is written any more: now, or the start of the oldest transaction that
 * writes, or may still write, into one of them or a partition. For tables whose rows carry the start of their
 * transaction or a later time.
 * @param tables as in SQL; those that do not exist are ignored
 */
export async function settledBefore(
  store: Pick<OfflineStore, 'db'>,
  tables: readonly string[],
): Promise<Date> {
  const { rows } = await sql<{ before: Date }>`
    with tables as (
      select to_regclass(name) as relation from unnest(${tables}::text[]) as name
    ), writing as (
      select l.pid from pg_locks l
      where l.database = (select oid from pg_database where datname = current_database())
        and l.mode <> 'AccessShareLock' and l.relation in (
          select relation from tables union select t.relid from tables, pg_partition_tree(relation) t)
    )
    select date_trunc('milliseconds', least(now(), min(a.xact_start))) as before
    from pg_stat_activity a
    where a.datname = current_database() and a.backend_type = 'client backend' and a.pid <> pg_backend_pid()
      and (a.xact_start > now() - ${UNKNOWN_FOR_SECONDS} * interval '1 second'
        or a.pid in (select pid from writing))`.execute(store.db);
  return rows[0]?.before as Date;
}
