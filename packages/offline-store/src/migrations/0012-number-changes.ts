import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/**
 * What `numberChanges` calls: one turn of numbering. A statement of its own took longer to plan than to run; a function
 * keeps its plan for the session, also behind a transaction pooler.
 */
export const numberChanges: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`
create function larder.number_changes(from_xid xid8, max_changes integer,
  out mine boolean, out taken integer, out seen integer, out xmin text) language plpgsql as $$
#variable_conflict use_column
declare
  hinted bigint;
begin
  mine := pg_try_advisory_xact_lock(hashtextextended('larder:changes', 0));
  taken := 0;
  seen := 0;
  xmin := from_xid::text;
  if mine then
    with seen as materialized (
      select ctid from larder.unnumbered_changes where xid >= from_xid order by xid limit max_changes
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
    select true, (select count(*)::integer from taken), (select count(*)::integer from seen),
      pg_snapshot_xmin(pg_current_snapshot())::text,
      (select count(pg_notify('larder_changes', project)) from feed)
    into mine, taken, seen, xmin, hinted;
  end if;
end
$$`.execute(db);
  },
};
