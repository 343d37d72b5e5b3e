import { sql } from 'kysely';
import type { RunStore } from '../run-store.ts';

export interface PushedRunOnline {
  readonly runId: string;
  readonly chunkId: number;
  /** Rows that the online store did not have before. */
  readonly created: number;
  /** The view versions that changed, where they are not the run's own: windowed ones of an event source. */
  readonly views?: readonly { readonly view: string; readonly version: number; readonly created: number }[];
}

/**
 * `completeChunk` and `finishRuns` of a run that has one chunk and nothing to try again, as one statement: the online
 * store has confirmed its rows. A run that somebody paused or cancelled meanwhile keeps that state. The commit does not
 * wait for the disk: if the server loses it, the chunk is still `landed_history`, and a worker replays it.
 */
export async function endPushedRun(store: RunStore, online: PushedRunOnline): Promise<void> {
  await sql`
    with run as materialized (
      select run_id, project, view, version, status from larder.runs where run_id = ${online.runId}
      for no key update
    ), completed as (
      update larder.chunks c set state = 'done', online_at = now(), finished_at = now(), lease_expires_at = null
      from run where c.chunk_id = ${online.chunkId} and c.run_id = run.run_id and c.state = 'landed_history'
      returning c.run_id, c.chunk_id, c.rows_total, c.rows_done, c.rows_failed, c.rows_skipped
    ), ended as (
      update larder.runs r set finished_at = now(), rows_total = c.rows_total, rows_done = c.rows_done,
        rows_failed = c.rows_failed, rows_skipped = c.rows_skipped,
        status = case
          when c.rows_failed = 0 then 'succeeded'
          when c.rows_done + c.rows_skipped > 0 then 'partial'
          else 'failed' end
      from completed c where r.run_id = c.run_id and r.status = 'running'
    ), told as (
      insert into larder.unnumbered_changes (project, kind, view, version, run_id, chunk_id, rows)
      select run.project, 'online', coalesce(v.view, run.view), coalesce(v.version, run.version), run.run_id, c.chunk_id,
        coalesce(v.created, ${online.created})
      from completed c join run using (run_id)
      left join jsonb_to_recordset(${JSON.stringify(online.views ?? [])}::jsonb) as v (view text, version integer, created integer)
        on true
      where c.rows_done > 0 and (v.view is not null or ${online.views === undefined})
    )
    select set_config('synchronous_commit', 'off', true)`.execute(store.db);
}
