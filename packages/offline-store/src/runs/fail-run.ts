import { sql } from 'kysely';
import { isOneOf, type LoadedView, type RunStore } from './run-store.ts';

export interface FailRun {
  readonly runId: string;
  readonly planningToken: string;
  readonly code: string;
  readonly reason: string;
}

/** Ends a run that could not be planned; nothing happens when the claim was lost meanwhile. */
export async function failRun(store: RunStore, failure: FailRun): Promise<void> {
  await store.db
    .updateTable('larder.runs')
    .set({
      status: 'failed',
      error_code: failure.code,
      error_reason: failure.reason,
      planning_token: null,
      planning_lease_expires_at: null,
      finished_at: sql<Date>`now()`,
    })
    .where('run_id', '=', failure.runId)
    .where('planning_token', '=', failure.planningToken)
    .where('status', 'in', ['queued', 'paused'])
    .execute();
}

export interface FailUnloaded {
  readonly project: string;
  readonly views: readonly LoadedView[];
  /** How long a run may wait for a process that has its code; longer than a rolling restart takes. */
  readonly graceMs: number;
}

/** Fails queued runs whose code no process brought within the grace: DEFINITION_NOT_LOADED. */
export async function failUnloadedRuns(store: RunStore, options: FailUnloaded): Promise<string[]> {
  const { rows } = await sql<{ run_id: string }>`
    update larder.runs set status = 'failed', finished_at = now(), error_code = 'DEFINITION_NOT_LOADED',
      error_reason = format('No worker has %s@%s with the fingerprint that was applied; deploy that code to the workers, then retry.', view, version)
    where run_id in (
      select r.run_id from larder.runs r
      where r.project = ${options.project} and r.status = 'queued' and r.planned_at is null
        and r.queued_at < now() - ${options.graceMs} * interval '1 millisecond' and not ${isOneOf(options.views)}
      for update skip locked)
    returning run_id`.execute(store.db);
  return rows.map((row) => row.run_id);
}
