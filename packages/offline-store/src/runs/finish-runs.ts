import { sql, type RawBuilder } from 'kysely';
import { CHUNK_SUMS } from './run-summary.ts';
import type { RunStore } from './run-store.ts';
import type { RunStatus } from './runs.table.ts';

export interface FinishedRun {
  readonly runId: string;
  readonly status: RunStatus;
  readonly view: string;
  readonly version: number;
  readonly rowsDone: number;
  readonly rowsFailed: number;
  readonly rowsSkipped: number;
  /** Unpaused time since it was planned. */
  readonly seconds: number;
}

/**
 * Ends every running run whose chunks have all ended: succeeded, partial (some rows failed) or failed (none landed).
 * Call it after the commit that ended a chunk, so that of two last chunks at least one sees both.
 */
export async function finishRuns(store: RunStore, project: string): Promise<FinishedRun[]> {
  // Materialized: the sums over all chunks are made once per run, not at every look.
  const { rows } = await sql<FinishedRun>`
    with ended as materialized (
      select r.run_id from larder.runs r
      where r.project = ${project} and r.status = 'running'
        and not exists (select from larder.chunks c where c.run_id = r.run_id and c.state = 'pending')
        and not exists (select from larder.chunks c
          where c.run_id = r.run_id and c.state in ('dispatched', 'running', 'landed_history'))
      for update skip locked
    ), summed as (
      select r.run_id as ended_run_id, s.* from ended r cross join lateral (${CHUNK_SUMS}) s
    )
    update larder.runs r set ${SUMS_FROM_SUMMED}, finished_at = now(),
      status = case
        when s.rows_failed = 0 and not s.any_chunk_failed then 'succeeded'
        when s.rows_done + s.rows_skipped > 0 then 'partial'
        else 'failed' end
    from summed s where s.ended_run_id = r.run_id
    returning r.run_id as "runId", r.status, r.view, r.version, r.rows_done as "rowsDone",
      r.rows_failed as "rowsFailed", r.rows_skipped as "rowsSkipped",
      round(extract(epoch from r.finished_at - r.started_at) - r.paused_ms / 1000.0, 1)::double precision as seconds`.execute(
    store.db,
  );
  return rows;
}

/** Copies the sums (alias `s`) into the run, where summaries find them from then on. */
export const SUMS_FROM_SUMMED: RawBuilder<unknown> = sql`
  rows_total = s.rows_total, rows_done = s.rows_done, rows_failed = s.rows_failed, rows_skipped = s.rows_skipped`;
