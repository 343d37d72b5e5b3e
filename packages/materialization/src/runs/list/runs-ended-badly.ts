import { sql } from 'kysely';
import type { RunTrigger } from '@larder/offline-store';
import type { RunStore } from '../run-store.ts';
import { ROW_KEPT } from './list-failures.ts';

/** Runs of a view version that failed, or in which many rows failed, and that nothing has made up for. */
export interface EndedBadly {
  readonly view: string;
  readonly version: number;
  readonly status: 'failed' | 'partial';
  readonly runs: number;
  readonly firstAt: Date;
  /** Of the newest. */
  readonly runId: string;
  readonly trigger: RunTrigger;
  readonly reason: string | null;
  readonly rowsFailed: number;
  readonly rows: number;
  /** False: all that failed are rejected rows of a push, which `retryFailed` cannot compute again. */
  readonly rowsKept: boolean;
}

/** Failed rows of a run below this share are for the view's owner, not for whoever is on call. As the trigger on `larder.runs` has it. */
export const MANY_FAILED = 0.05;
/** A run that nobody retried in this time is not going to be. */
const ENDED_H = 72;
/** Pushes and chains come again and again: only what failed lately says something. */
const ENDED_OFTEN_H = 1;

/** Of a run (alias `n`). */
const DID_WELL = sql`n.status in ('succeeded', 'partial')
  and n.rows_failed < ${sql.lit(MANY_FAILED)} * greatest(n.rows_done + n.rows_failed + n.rows_skipped, 1)`;

/**
 * A run over rows of the source is made up for by a later one over all rows, or over the same, that succeeded or in which
 * few rows failed.
 */
export async function runsEndedBadly(store: RunStore, project: string, limit: number): Promise<EndedBadly[]> {
  const { rows } = await sql<EndedBadly>`
    with bad as (
      select r.*, coalesce(r.rows_done + r.rows_failed + r.rows_skipped, 0) as rows from larder.runs r
      where r.project = ${project} and r.status in ('failed', 'partial')
        and r.finished_at > now() - case when r.trigger in ('push', 'chain') then ${sql.lit(ENDED_OFTEN_H)} else ${sql.lit(ENDED_H)} end * interval '1 hour'
      order by r.finished_at desc limit 1000
    ), good as (
      select v.view, v.version, n.revision from (select distinct view, version from bad) v
      cross join lateral (
        select n.revision from larder.runs n
        where n.project = ${project} and n.view = v.view and n.version = v.version and n.trigger <> 'push'
          and n.scope @> '{"all": true}' and n.row_limit is null and ${DID_WELL}
        order by n.revision desc limit 1) n
    ), standing as (
      select r.* from bad r left join good g on g.view = r.view and g.version = r.version
      where (r.status = 'failed' or r.rows_failed >= ${sql.lit(MANY_FAILED)} * r.rows)
        and (r.trigger in ('push', 'chain') or (r.revision > coalesce(g.revision, 0)
          and (r.scope @> '{"all": true}' or not exists (
            select from larder.runs n
            where n.project = r.project and n.view = r.view and n.version = r.version and n.revision > r.revision
              and n.trigger <> 'push' and n.scope = r.scope and n.row_limit is null and ${DID_WELL}))))
    )
    select distinct on (view, version, status) view, version, status,
      count(*) over of_view as runs, min(finished_at) over of_view as "firstAt",
      run_id as "runId", trigger, error_reason as reason, coalesce(rows_failed, 0) as "rowsFailed", rows,
      trigger <> 'push' or exists (
        select from larder.row_failures where row_failures.run_id = standing.run_id and ${ROW_KEPT}) as "rowsKept"
    from standing
    window of_view as (partition by view, version, status)
    order by view, version, status, revision desc limit ${limit}`.execute(store.db);
  return rows;
}
