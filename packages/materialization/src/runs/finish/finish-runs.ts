import { sql, type RawBuilder } from 'kysely';
import type { OfflineStore, RunStatus } from '@larder/offline-store';
import { CHUNK_SUMS } from '../list/run-summary.ts';
import type { RunStore } from '../run-store.ts';

export interface FinishedRun {
  readonly runId: string;
  readonly status: RunStatus;
  readonly view: string;
  readonly version: number;
  readonly rowsDone: number;
  readonly rowsFailed: number;
  readonly rowsSkipped: number;
  /** Time since it was planned, without pauses. */
  readonly seconds: number;
}

/**
 * Ends every running run whose chunks have all ended and which has no rows to retry: succeeded, partial (some rows
 * failed) or failed (none landed). Call it after the commit that ended a chunk, so that of two last chunks at least one
 * sees both.
 */
export async function finishRuns(store: OfflineStore, project: string): Promise<FinishedRun[]> {
  const { rows: ended } = await sql<{ run_id: string }>`
    select r.run_id from larder.runs r where r.project = ${project} and r.status = 'running' and ${COMPLETE} and ${ALL_ENDED}`.execute(
    store.db,
  );
  if (ended.length === 0) return [];
  return store.transaction(async (tx) => {
    // A separate statement: changes made to a run before it is locked (such as a retry) are visible only to the next one.
    const { rows: locked } = await sql<{ run_id: string }>`
      select run_id from larder.runs where run_id = any (${ended.map((run) => run.run_id)}) and status = 'running'
      for no key update skip locked`.execute(tx.db);
    return finishLocked(
      tx,
      locked.map((run) => run.run_id),
    );
  });
}

/** No chunks come any more: it is decided which keys the run (alias `r`) ends, and no other run feeds it. */
const COMPLETE = sql<boolean>`coalesce(r.gone_state, '') not in ('reading', 'held', 'released') and r.feeding is not true`;

/** The chunks of the run (alias `r`) have all ended, and it has no rows to retry. */
export const ALL_ENDED = sql<boolean>`not exists (select from larder.chunks c where c.run_id = r.run_id and c.state = 'pending')
  and not exists (select from larder.row_failures f where f.run_id = r.run_id and f.retry_at is not null)
  and not exists (select from larder.chunks c
    where c.run_id = r.run_id and c.state in ('dispatched', 'running', 'landed_history'))`;

async function finishLocked(tx: RunStore, runIds: readonly string[]): Promise<FinishedRun[]> {
  const { rows } = await sql<FinishedRun>`
    with summed as materialized (
      select r.run_id as ended_run_id, s.* from larder.runs r cross join lateral (${CHUNK_SUMS}) s
      where r.run_id = any (${runIds}) and ${COMPLETE} and ${ALL_ENDED}
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
    tx.db,
  );
  return rows;
}

/** Copies the sums (alias `s`) into the run, where summaries read them from now on. */
export const SUMS_FROM_SUMMED: RawBuilder<unknown> = sql`
  rows_total = s.rows_total, rows_done = s.rows_done, rows_failed = s.rows_failed, rows_skipped = s.rows_skipped`;
