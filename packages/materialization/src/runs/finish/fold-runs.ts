import { sql } from 'kysely';
import { SUMS_FROM_SUMMED } from './finish-runs.ts';
import type { RunStore } from '../run-store.ts';
import {
  CHUNK_SUMS,
  PROGRESS_COLUMNS,
  progressOf,
  type ProgressRow,
  type RunProgress,
} from '../list/run-summary.ts';

/** A run of up to 800 chunks is counted at most five times a second, one of 20,000 or more every five seconds. */
const PACE = sql`least(greatest(s.chunks / 4.0, 200), 5000) * interval '1 millisecond'`;

/**
 * Reads the progress of these runs for all watchers in one statement. The counts of their chunks are folded
 * into the runs' rows when due, so that any number of processes count a run once per interval. Landing never writes
 * a run's row. Folding recounts instead of adding: a process that dies, or two that fold at once, do no harm.
 * It never waits for a lock: a run that is being changed keeps its counts until the next turn; chunks are only read.
 */
export async function foldRuns(
  store: RunStore,
  project: string,
  runIds: readonly string[],
): Promise<RunProgress[]> {
  const { rows } = await sql<ProgressRow>`
    with due as materialized (
      select r.run_id from larder.runs r
      where r.run_id = any (${runIds}::uuid[]) and r.project = ${project}
        and r.finished_at is null and r.recount_at <= now()
      for no key update skip locked
    ), folded as (
      update larder.runs target set ${SUMS_FROM_SUMMED}, recount_at = now() + ${PACE}
      from (select r.run_id, sums.* from due r cross join lateral (${CHUNK_SUMS}) sums) s
      where target.run_id = s.run_id
      returning target.run_id, s.rows_total, s.rows_done, s.rows_failed, s.rows_skipped
    )
    select ${PROGRESS_COLUMNS},
      coalesce(f.rows_total, r.rows_total, 0) as rows_total, coalesce(f.rows_done, r.rows_done, 0) as rows_done,
      coalesce(f.rows_failed, r.rows_failed, 0) as rows_failed, coalesce(f.rows_skipped, r.rows_skipped, 0) as rows_skipped
    from larder.runs r left join folded f using (run_id)
    where r.run_id = any (${runIds}::uuid[]) and r.project = ${project}`.execute(store.db);
  return rows.map(progressOf);
}
