import { dropHistoryIn, recordChange, type StoreTransaction, type ViewVersion } from '@larder/offline-store';
import { sql } from 'kysely';
import { SUMS_FROM_SUMMED } from '../finish/finish-runs.ts';
import { CHUNK_SUMS } from '../list/run-summary.ts';
import { PAUSE_ENDED } from './paused-ms.ts';

/**
 * Drops the history of a view version, cancels its open runs and records the change in the feed, as part of the caller's
 * transaction; ended runs stay as a record. For versions that are changed in place: computed values no longer match
 * the definition.
 */
export async function forgetViewVersionIn(tx: StoreTransaction, target: ViewVersion): Promise<void> {
  const { project, view, version } = target;
  const { rows } = await sql<{ run_id: string }>`
    select run_id from larder.runs
    where project = ${project} and view = ${view} and version = ${version}
      and status in ('queued', 'running', 'paused', 'held')
    order by run_id for no key update`.execute(tx.db);
  for (const { run_id: runId } of rows) {
    // Waits for running landings; their rows are dropped below. None of them may reach the online store again.
    await sql`
      update larder.chunks set state = 'cancelled', finished_at = now(), lease_expires_at = null,
        rows_done = 0, rows_failed = 0, rows_skipped = 0
      where run_id = ${runId} and state in ('pending', 'dispatched', 'running', 'landed_history')`.execute(
      tx.db,
    );
    await sql`update larder.row_failures set retry_at = null where run_id = ${runId} and retry_at is not null`.execute(
      tx.db,
    );
    await sql`
      update larder.runs target set ${SUMS_FROM_SUMMED}, status = 'cancelled', finished_at = now(), ${PAUSE_ENDED},
        planning_token = null, planning_lease_expires_at = null
      from larder.runs r cross join lateral (${CHUNK_SUMS}) s
      where target.run_id = ${runId} and r.run_id = target.run_id`.execute(tx.db);
  }
  await dropHistoryIn(tx, target);
  await recordChange(tx, project, { kind: 'dropped', view, version });
}
