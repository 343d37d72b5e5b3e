import { sql } from 'kysely';
import type { OfflineStore } from '@larder/offline-store';
import { lockRun } from '../lock-run.ts';
import { moves } from '../moves.ts';
import { PAUSE_ENDED } from './paused-ms.ts';

/** Resumes a paused or held run. @throws RUN_NOT_FOUND, RUN_STATE_CONFLICT when the run has ended. */
export function resumeRun(store: OfflineStore, project: string, runId: string): Promise<void> {
  return store.transaction(async (tx) => {
    const { status, planned } = await lockRun(tx, project, runId);
    if (!moves('resumeRun', runId, status)) return;
    await sql`
      update larder.runs r set status = ${planned ? 'running' : 'queued'}, ${PAUSE_ENDED}
      where r.run_id = ${runId}`.execute(tx.db);
  });
}
