import { sql } from 'kysely';
import type { OfflineStore } from '@larder/offline-store';
import { lockRun } from '../lock-run.ts';
import { moves } from '../moves.ts';
import { recordMove } from '../record-move.ts';
import { pausedMs } from './paused-ms.ts';
import { retryRows } from '../retry/retry-rows.ts';
import type { RunStore } from '../run-store.ts';

/**
 * Retries what failed in an ended run: failed chunks as a whole, and only the failed rows of the others, as new chunks.
 * A run that could not be planned is queued again; nothing happens when nothing failed.
 * @throws RUN_NOT_FOUND, RUN_STATE_CONFLICT when the run is open or was cancelled.
 */
export function retryFailed(store: OfflineStore, project: string, runId: string): Promise<void> {
  return store.transaction(async (tx) => {
    const { status, planned } = await lockRun(tx, project, runId);
    if (!moves('retryFailed', runId, status)) return;
    await retryChunks(tx, runId);
    await retryRows(tx, runId, { which: sql<boolean>`true`, maxChunks: null });
    await sql`
      update larder.runs r set status = ${planned ? 'running' : 'queued'}, queued_at = now(), finished_at = null,
        recount_at = now(), error_code = null, error_reason = null,
        gone_state = case gone_state when 'undecided' then 'reading' else gone_state end,
        planning_failures = 0, planning_lease_expires_at = null,
        paused_ms = ${pausedMs('finished_at')}
      where run_id = ${runId}`.execute(tx.db);
    await recordMove(tx, {
      project,
      runId,
      action: 'run.retry',
      before: status,
      after: planned ? 'running' : 'queued',
    });
  });
}

async function retryChunks(tx: RunStore, runId: string): Promise<void> {
  await sql`
    with again as (
      update larder.chunks set state = 'pending', failures = 0, not_before = now(), finished_at = null, rows_failed = 0
      where run_id = ${runId} and state = 'failed'
      returning chunk_id
    )
    delete from larder.row_failures f using again where f.chunk_id = again.chunk_id and f.entity_key is null`.execute(
    tx.db,
  );
}
