import { sql } from 'kysely';
import type { OfflineStore } from '@larder/offline-store';
import { lockRun } from '../lock-run.ts';
import { moves } from '../moves.ts';
import { recordMove } from '../record-move.ts';

/**
 * Stops dispatching the run's chunks; running ones finish, those in the queue return to pending when claimed.
 * @throws RUN_NOT_FOUND, RUN_STATE_CONFLICT when the run has ended.
 */
export function pauseRun(store: OfflineStore, project: string, runId: string): Promise<void> {
  return store.transaction(async (tx) => {
    const { status } = await lockRun(tx, project, runId);
    if (!moves('pauseRun', runId, status)) return;
    await tx.db
      .updateTable('larder.runs')
      .set({ status: 'paused', paused_at: sql<Date>`now()` })
      .where('run_id', '=', runId)
      .execute();
    await recordMove(tx, { project, runId, action: 'run.pause', before: status, after: 'paused' });
  });
}
