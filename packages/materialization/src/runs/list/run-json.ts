import type { RunFailure } from './list-failures.ts';
import type { RunProgress, RunSummary } from './run-summary.ts';
import { waitingText } from './waiting-for.ts';

/** A run in the form of the HTTP API and the CLI. */
export function runJson(run: RunProgress & Partial<Pick<RunSummary, 'scope'>>) {
  return {
    run_id: run.runId,
    view: run.view,
    version: run.version,
    trigger: run.trigger,
    revision: run.revision,
    status: run.status,
    rows: {
      total: run.rows.total,
      done: run.rows.done,
      failed: run.rows.failed,
      skipped_unchanged: run.rows.skippedUnchanged,
    },
    rows_per_second: rounded(run.rowsPerSecond),
    eta_seconds: rounded(run.etaSeconds),
    error: run.error,
    waiting_for: run.waitingFor,
    waiting_detail: waitingText(run),
    ...(run.scope !== undefined && { scope: scopeJson(run.scope) }),
    created_at: run.createdAt.toISOString(),
    started_at: run.startedAt?.toISOString() ?? null,
    finished_at: run.finishedAt?.toISOString() ?? null,
  };
}

export function failureJson(failure: RunFailure) {
  return {
    key: failure.key,
    code: failure.code,
    reason: failure.reason,
    retryable: failure.retryable,
    attempts: failure.attempts,
    row_kept: failure.rowKept,
    failed_at: failure.failedAt.toISOString(),
  };
}

/** Entities are counted: they may be ten thousand. */
function scopeJson(scope: RunSummary['scope']) {
  if ('pushed' in scope) return { kind: 'pushed' as const };
  if ('chained' in scope) return { kind: 'chained' as const };
  if ('all' in scope) return { kind: 'all' as const };
  if ('missing' in scope) return { kind: 'missing' as const };
  if ('event_time' in scope) return { kind: 'event_time' as const, ...scope.event_time };
  return { kind: 'entities' as const, entities: scope.entities.length };
}

/** Rounds to one decimal. */
function rounded(value: number | null): number | null {
  return value === null ? null : Math.round(value * 10) / 10;
}
