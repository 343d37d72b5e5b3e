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

/** A run of up to 800 chunks is counted five times a second at most, one of 20,000 and more every five seconds. */
const PACE = sql`least(greatest(s.chunks / 4.0, 200), 5000) * interval '1 millisecond'`;

/**
 * The progress of these runs, for everyone who watches them, in one statement. What their chunks committed is folded
 * into the runs' rows where it is due, so that any number of processes count a run once per pace. Landing never writes
 * a run's row. Folding counts anew instead of adding up: a process that dies, or two that fold at once, change nothing.
 * It waits for no lock: a run that somebody changes keeps its counts until the next turn, chunks are only read.
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
