import { sql } from 'kysely';
import type { OfflineStore } from '@larder/offline-store';
import { SUMS_FROM_SUMMED } from '../finish/finish-runs.ts';
import { lockRun } from '../lock-run.ts';
import { moves } from '../moves.ts';
import { recordMove } from '../record-move.ts';
import { PAUSE_ENDED } from './paused-ms.ts';
import { CHUNK_SUMS } from '../list/run-summary.ts';

/**
 * Ends a run now: rows that are not in history yet will not be written, landed rows stay and reach the online store.
 * @throws RUN_NOT_FOUND, RUN_STATE_CONFLICT when the run has ended in another state.
 */
export function cancelRun(store: OfflineStore, project: string, runId: string): Promise<void> {
  return store.transaction(async (tx) => {
    const { status } = await lockRun(tx, project, runId);
    if (!moves('cancelRun', runId, status)) return;
    // Waits for running landings; they commit first and are no longer in these states.
    await sql`
      update larder.chunks set state = 'cancelled', finished_at = now(), lease_expires_at = null,
        rows_done = 0, rows_skipped = 0,
        -- Rows of a chunk that retries failed rows stay failed.
        rows_failed = (select count(*) from larder.row_failures f where f.chunk_id = chunks.chunk_id and f.keys is not null)
      where run_id = ${runId} and state in ('pending', 'dispatched', 'running')`.execute(tx.db);
    await sql`update larder.row_failures set retry_at = null where run_id = ${runId} and retry_at is not null`.execute(
      tx.db,
    );
    await sql`
      update larder.runs target set ${SUMS_FROM_SUMMED}, status = 'cancelled', finished_at = now(), ${PAUSE_ENDED},
        planning_token = null, planning_lease_expires_at = null
      from larder.runs r cross join lateral (${CHUNK_SUMS}) s
      where target.run_id = ${runId} and r.run_id = target.run_id`.execute(tx.db);
    await recordMove(tx, { project, runId, action: 'run.cancel', before: status, after: 'cancelled' });
  });
}
