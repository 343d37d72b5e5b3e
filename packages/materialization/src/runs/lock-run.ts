import { runNotFound, isRunId } from './list/get-run.ts';
import type { RunStore } from './run-store.ts';
import type { RunStatus } from '@larder/offline-store';

export interface LockedRun {
  readonly status: RunStatus;
  readonly planned: boolean;
}

/** Locks the run until the transaction ends, in order to change it; see `TRANSITIONS` for the order of locks. @throws RUN_NOT_FOUND */
export async function lockRun(tx: RunStore, project: string, runId: string): Promise<LockedRun> {
  const row = isRunId(runId)
    ? await tx.db
        .selectFrom('larder.runs')
        .select(['status', 'planned_at'])
        .where('project', '=', project)
        .where('run_id', '=', runId)
        .forNoKeyUpdate()
        .executeTakeFirst()
    : undefined;
  if (!row) throw runNotFound();
  return { status: row.status, planned: row.planned_at !== null };
}
