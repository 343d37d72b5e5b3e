import { sql, type RawBuilder } from 'kysely';
import type { RunStore } from '../run-store.ts';
import { WAITING_FOR, WAITING_NAMES, type WaitingFor } from './waiting-for.ts';
import type { ChainedScope, PushedScope, RunScope, RunStatus, RunTrigger } from '@larder/offline-store';

export interface RunSummary extends RunProgress {
  readonly scope: RunScope | PushedScope | ChainedScope;
}

/** A run without its request, which may be long. */
export interface RunProgress {
  readonly runId: string;
  readonly view: string;
  readonly version: number;
  readonly trigger: RunTrigger;
  readonly revision: number;
  readonly status: RunStatus;
  readonly rows: RunRows;
  /** Rows handled per second, without pauses; null before the first row. */
  readonly rowsPerSecond: number | null;
  /** Null while it cannot be told, and when only retries are left. */
  readonly etaSeconds: number | null;
  /** Why the whole run failed, or could not be planned yet; rows have their own reasons. */
  readonly error: { readonly code: string; readonly reason: string } | null;
  /** Null: it is not waiting, or has ended. */
  readonly waitingFor: WaitingFor | null;
  /** What running workers have instead: versions of the view, or connections without an address. */
  readonly waitingNames: readonly string[];
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
}

export interface RunRows {
  /** Null until the source is counted. */
  readonly total: number | null;
  readonly done: number;
  readonly failed: number;
  readonly skippedUnchanged: number;
}

export interface ProgressRow {
  run_id: string;
  view: string;
  version: number;
  trigger: RunTrigger;
  revision: number;
  status: RunStatus;
  planned: boolean;
  rows_total: number;
  rows_done: number;
  rows_failed: number;
  rows_skipped: number;
  active_ms: number | null;
  error_code: string | null;
  error_reason: string | null;
  waiting_for: WaitingFor | null;
  waiting_names: string[] | null;
  created_at: Date;
  started_at: Date | null;
  finished_at: Date | null;
}

/** Sums over the chunks of the run (alias `r`); conditions may be appended. */
export const CHUNK_SUMS = sql`
  select count(*) as chunks, coalesce(bool_or(state = 'failed'), false) as any_chunk_failed,
    coalesce(sum(rows_total), 0)::bigint as rows_total, coalesce(sum(rows_done), 0)::bigint as rows_done,
    coalesce(sum(rows_failed), 0)::bigint as rows_failed, coalesce(sum(rows_skipped), 0)::bigint as rows_skipped
  from larder.chunks where run_id = r.run_id`;

/** True when the sums in the run's row (alias `r`) are valid: it has ended, or they were folded recently. */
const COUNTED = sql<boolean>`(r.finished_at is not null or r.recount_at > now())`;

/** Columns of the run (alias `r`), without its sums. */
export const PROGRESS_COLUMNS = sql`
  r.run_id, r.view, r.version, r.trigger, r.revision, r.status, r.planned_at is not null as planned,
  (extract(epoch from coalesce(r.finished_at, r.paused_at, clock_timestamp()) - r.started_at) * 1000
    - r.paused_ms)::double precision as active_ms,
  r.error_code, r.error_reason, ${WAITING_FOR} as waiting_for, ${WAITING_NAMES} as waiting_names, r.created_at, r.started_at, r.finished_at`;

/** Reads summaries of the runs (alias `r`) that `condition` selects, newest first. */
export async function selectSummaries(
  store: RunStore,
  condition: RawBuilder<boolean>,
  limit: number,
): Promise<RunSummary[]> {
  const { rows } = await sql<ProgressRow & Pick<RunSummary, 'scope'>>`
    select ${PROGRESS_COLUMNS}, r.scope,
      case when ${COUNTED} then coalesce(r.rows_total, 0) else s.rows_total end as rows_total,
      case when ${COUNTED} then coalesce(r.rows_done, 0) else s.rows_done end as rows_done,
      case when ${COUNTED} then coalesce(r.rows_failed, 0) else s.rows_failed end as rows_failed,
      case when ${COUNTED} then coalesce(r.rows_skipped, 0) else s.rows_skipped end as rows_skipped
    from larder.runs r
    left join lateral (${CHUNK_SUMS} and not ${COUNTED}) s on true
    where ${condition}
    order by r.revision desc
    limit ${limit}`.execute(store.db);
  return rows.map((row) => Object.assign(progressOf(row), { scope: row.scope }));
}

export function progressOf(row: ProgressRow): RunProgress {
  const handled = row.rows_done + row.rows_failed + row.rows_skipped;
  const rowsPerSecond =
    row.active_ms !== null && row.active_ms > 0 && handled > 0 ? (handled * 1_000) / row.active_ms : null;
  return {
    runId: row.run_id,
    view: row.view,
    version: row.version,
    trigger: row.trigger,
    revision: row.revision,
    status: row.status,
    rows: {
      total: row.planned ? row.rows_total : null,
      done: row.rows_done,
      failed: row.rows_failed,
      skippedUnchanged: row.rows_skipped,
    },
    rowsPerSecond,
    etaSeconds:
      row.status === 'running' && rowsPerSecond !== null && handled < row.rows_total
        ? (row.rows_total - handled) / rowsPerSecond
        : null,
    error: row.error_code === null ? null : { code: row.error_code, reason: row.error_reason ?? '' },
    waitingFor: row.waiting_for,
    waitingNames: row.waiting_names ?? [],
    createdAt: row.created_at,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
  };
}
