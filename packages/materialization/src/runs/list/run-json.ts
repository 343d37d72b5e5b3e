import type { RunFailure } from './list-failures.ts';
import type { RunProgress } from './run-summary.ts';

/** A run in the form of the HTTP API and the CLI. */
export function runJson(run: RunProgress) {
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
    failed_at: failure.failedAt.toISOString(),
  };
}

/** Rounds to one decimal. */
function rounded(value: number | null): number | null {
  return value === null ? null : Math.round(value * 10) / 10;
}
