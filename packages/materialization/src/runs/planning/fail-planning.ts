import { sql } from 'kysely';
import { afterBackoff, MAX_FAILURES } from '../attempt/attempts.ts';
import { storableReason } from '@larder/offline-store';
import type { RunToPlan } from './plan-run.ts';
import type { RunStore } from '../run-store.ts';

export interface BrokenPlanning {
  readonly code: string;
  readonly reason: string;
  /** False: another attempt would fail the same way, so the run fails at once. */
  readonly retryable: boolean;
  /** Wait before the second attempt; doubles with each attempt. */
  readonly backoffMs: number;
}

/**
 * Records that planning threw: the run waits with the reason and is planned again, or fails after the fifth time. Does
 * nothing when the claim has been lost.
 */
export async function failPlanning(store: RunStore, run: RunToPlan, broken: BrokenPlanning): Promise<void> {
  const failed = sql`(not ${broken.retryable}::boolean or planning_failures + 1 >= ${MAX_FAILURES})`;
  await sql`
    update larder.runs r set
      planning_token = null,
      planning_failures = planning_failures + 1,
      planning_lease_expires_at = ${afterBackoff(broken.backoffMs, sql`planning_failures`)},
      status = case when ${failed} then 'failed' else status end,
      finished_at = case when ${failed} then now() end,
      paused_at = case when not ${failed} then paused_at end,
      error_code = ${broken.code},
      error_reason = ${storableReason(broken.reason)}
    where run_id = ${run.runId} and planning_token = ${run.planningToken} and status in ('queued', 'paused')`.execute(
    store.db,
  );
}
