import { sql } from 'kysely';
import type { OfflineStore } from '../offline-store.ts';

/** PostgreSQL channel; the payload is the project that has new changes. */
export const CHANGES_CHANNEL = 'larder_changes';
/** Limit of one statement; the rest follows at once. */
const MAX_CHANGES = 2_000;

export interface NumberingTurn {
  /** True when another process was numbering; changes that it did not see are still unnumbered. */
  readonly busy: boolean;
  readonly taken: number;
  readonly more: boolean;
  /** All changes of transactions before this one are numbered. */
  readonly fromXid: string;
}

/**
 * Assigns positions to committed changes, dense per project; updates the freshness of the views and notifies listeners.
 * A transaction that began after another one had ended comes after it. It is one statement, so that no client can die,
 * freeze or lose its session while it holds the lock, and so that it works through a transaction pooler. The lock makes
 * other sequencers skip their turn; the order is kept by the row of the feed, which is locked until the commit.
 *
 * @param fromXid `nextXid` of the previous turn; '0' reads everything. Without it, a snapshot that keeps vacuum from
 * removing rows already taken would make each turn slower than the one before.
 */
export async function numberChanges(
  store: Pick<OfflineStore, 'db'>,
  fromXid: string,
  maxChanges: number = MAX_CHANGES,
): Promise<NumberingTurn> {
  const { rows } = await sql<{ mine: boolean; taken: number; seen: number; xmin: string }>`
    with turn as materialized (
      select pg_try_advisory_xact_lock(hashtextextended('larder:changes', 0)) as mine
    ),
    seen as materialized (
      select ctid from larder.unnumbered_changes where (select mine from turn) and xid >= ${fromXid}::xid8
      order by xid limit ${maxChanges}
    ),
    taken as materialized (
      delete from larder.unnumbered_changes u where u.ctid = any (array(select ctid from seen)) returning u.*
    ),
    told as (
      select *, row_number() over (partition by project order by id) as nth,
        count(*) over (partition by project) as of_project
      from taken where kind <> 'online'
    ),
    feed as (
      insert into larder.feeds as f (project, last_position)
      select project, count(*) from told group by project order by project
      on conflict (project) do update set last_position = f.last_position + excluded.last_position
      returning project, last_position
    ),
    numbered as (
      insert into larder.changes (project, position, kind, view, version, entity, entity_key, run_id, chunk_id,
        revision, rows, first_event_timestamp, last_event_timestamp, recorded_at, numbered_at)
      select t.project, feed.last_position - t.of_project + t.nth, t.kind, t.view, t.version, t.entity, t.entity_key,
        t.run_id, t.chunk_id, t.revision, t.rows, t.first_event_timestamp, t.last_event_timestamp, t.recorded_at, now()
      from told t join feed on feed.project = t.project
    ),
    dropped as (
      select project, view, version, max(id) as id from taken where kind = 'dropped' group by project, view, version
    ),
    fresh as (
      insert into larder.view_freshness as f
        (project, view, version, newest_event_timestamp, newest_landed_at, newest_online_at, rows_online)
      select t.project, t.view, t.version, max(t.last_event_timestamp),
        max(t.recorded_at) filter (where t.kind = 'landed'), max(t.recorded_at) filter (where t.kind = 'online'),
        coalesce(sum(t.rows) filter (where t.kind = 'online'), 0)
      from (
        select t.*, d.id as dropped_id from taken t
        left join dropped d on d.project = t.project and d.view = t.view and d.version = t.version
        where t.view is not null
      ) t
      where t.dropped_id is null or t.id >= t.dropped_id
      group by t.project, t.view, t.version
      order by t.project, t.view, t.version
      on conflict (project, view, version) do update set
        (newest_event_timestamp, newest_landed_at, newest_online_at, rows_online) = (
          select greatest(kept.newest_event_timestamp, excluded.newest_event_timestamp),
            greatest(kept.newest_landed_at, excluded.newest_landed_at),
            greatest(kept.newest_online_at, excluded.newest_online_at),
            coalesce(kept.rows_online, 0) + excluded.rows_online
          from (select) one left join (
            select f.newest_event_timestamp, f.newest_landed_at, f.newest_online_at, f.rows_online
            where not exists (
              select from dropped d where d.project = f.project and d.view = f.view and d.version = f.version)
          ) kept on true)
    )
    select (select mine from turn) as mine, (select count(*)::integer from taken) as taken,
      (select count(*)::integer from seen) as seen,
      pg_snapshot_xmin(pg_current_snapshot())::text as xmin,
      (select count(pg_notify(${CHANGES_CHANNEL}, project)) from feed) as hinted`.execute(store.db);
  const turn = rows[0];
  if (turn === undefined) throw new Error('Numbering changes gave no row.');
  const { mine, taken, seen, xmin } = turn;
  // of what is seen, another process may have taken some that had not ended yet: more may stand behind them
  const more = seen === maxChanges;
  return { busy: !mine, taken, more, fromXid: mine && !more ? xmin : fromXid };
}
