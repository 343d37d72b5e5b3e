import { sql } from 'kysely';
import { CHUNK_SUMS } from './run-summary.ts';
import type { RunStore } from './run-store.ts';
import type { RunStatus } from './runs.table.ts';

export interface FinishedRun {
  readonly runId: string;
  readonly status: RunStatus;
}

/**
 * Ends every running run whose chunks have all ended: succeeded, partial (some rows failed) or failed (none landed).
 * Must run after the commit that ended the last chunk, so that of two last chunks at least one sees both.
 */
export async function finishRuns(store: RunStore, project: string): Promise<FinishedRun[]> {
  const { rows } = await sql<FinishedRun>`
    update larder.runs r set
      status = case
        when s.rows_failed = 0 and not s.any_failed then 'succeeded'
        when s.rows_done + s.rows_skipped > 0 then 'partial'
        else 'failed' end,
      finished_at = now(), rows_total = s.rows_total, rows_done = s.rows_done, rows_failed = s.rows_failed, rows_skipped = s.rows_skipped
    from larder.runs target
    cross join lateral (
      select coalesce(bool_or(state = 'failed'), false) as any_failed, sums.*
      from (${CHUNK_SUMS.as('ignored')}) sums
    ) s
    where false`.execute(store.db);
  return rows.length ? rows : project ? [] : [];
}
