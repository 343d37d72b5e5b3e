import { sql } from 'kysely';
import { historyTable } from '../history/history-table.ts';
import type { OfflineStore } from '../offline-store.ts';
import type { PointInTimeJoin } from './point-in-time.ts';

/**
 * A landing locks its chunk right after it begins, and the store ends transactions that idle for a minute: an older
 * transaction without such a lock does not land.
 */
const UNKNOWN_FOR_SECONDS = 60;

/**
 * An instant before which nothing lands any more: now, or the start of the oldest transaction that lands, or may still
 * land, rows into the views' histories. `landed_at` is the start of the transaction, so a join over rows with
 * `landed_at` before this instant gives the same rows whenever it is repeated.
 */
export async function landedBefore(
  store: Pick<OfflineStore, 'db'>,
  join: Pick<PointInTimeJoin, 'project' | 'views'>,
): Promise<Date> {
  const tables = join.views.map(({ view }) => {
    const { schema, name } = historyTable(join.project, view);
    return `"${schema}"."${name}"`;
  });
  const { rows } = await sql<{ before: Date }>`
    with landing as (
      select l.pid from pg_locks l
      where l.database = (select oid from pg_database where datname = current_database())
        and l.mode <> 'AccessShareLock' and (
          l.relation = 'larder.chunks'::regclass
          or l.relation in (
            select t.relid from unnest(${tables}::text[]) as name, pg_partition_tree(to_regclass(name)) t))
    )
    select date_trunc('milliseconds', least(now(), min(a.xact_start))) as before
    from pg_stat_activity a
    where a.datname = current_database() and a.backend_type = 'client backend' and a.pid <> pg_backend_pid()
      and (a.xact_start > now() - ${UNKNOWN_FOR_SECONDS} * interval '1 second'
        or a.pid in (select pid from landing))`.execute(store.db);
  return rows[0]?.before as Date;
}
