import { sql } from 'kysely';
import type { OfflineStore } from '@larder/offline-store';
import { lockRun } from '../lock-run.ts';
import { moves } from '../moves.ts';
import { recordMove } from '../record-move.ts';
import { PAUSE_ENDED } from './paused-ms.ts';

/** Resumes a paused run, or one that is held because it would end too many keys: it ends them then. @throws RUN_NOT_FOUND, RUN_STATE_CONFLICT when the run has ended. */
export function resumeRun(store: OfflineStore, project: string, runId: string): Promise<void> {
  return store.transaction(async (tx) => {
    const { status, planned } = await lockRun(tx, project, runId);
    if (!moves('resumeRun', runId, status)) return;
    await sql`
      update larder.runs r set status = ${planned ? 'running' : 'queued'}, ${PAUSE_ENDED},
        gone_state = case gone_state when 'held' then 'released' else gone_state end,
        error_code = case when gone_state = 'held' then null else error_code end,
        error_reason = case when gone_state = 'held' then null else error_reason end
      where r.run_id = ${runId}`.execute(tx.db);
    await recordMove(tx, {
      project,
      runId,
      action: 'run.resume',
      before: status,
      after: planned ? 'running' : 'queued',
    });
  });
}
