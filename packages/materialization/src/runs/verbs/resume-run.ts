import { sql } from 'kysely';
import type { OfflineStore } from '@larder/offline-store';
import { lockRun } from '../lock-run.ts';
import { moves } from '../moves.ts';

/** Lets a paused or held run go on. @throws RUN_NOT_FOUND, RUN_STATE_CONFLICT the run has ended. */
export function resumeRun(store: OfflineStore, project: string, runId: string): Promise<void> {
  return store.transaction(async (tx) => {
    const { status, planned } = await lockRun(tx, project, runId);
    if (!moves('resumeRun', runId, status)) return;
    await tx.db
      .updateTable('larder.runs')
      .set({
        status: planned ? 'running' : 'queued',
        paused_at: null,
        // Only time after the start counts: it is what the rate is measured over.
        paused_ms: sql<number>`paused_ms + coalesce((extract(epoch from now() - greatest(paused_at, started_at)) * 1000)::bigint, 0)`,
      })
      .where('run_id', '=', runId)
      .execute();
  });
}
