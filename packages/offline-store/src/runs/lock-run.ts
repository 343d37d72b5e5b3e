import { LarderError } from '@larder/core';
import { runNotFound, isRunId } from './get-run.ts';
import type { RunStore } from './run-store.ts';
import type { RunStatus } from './runs.table.ts';

export interface LockedRun {
  readonly status: RunStatus;
  readonly planned: boolean;
}

/** Locks the run until the transaction ends. Runs are always locked before their chunks. @throws RUN_NOT_FOUND */
export async function lockRun(tx: RunStore, project: string, runId: string): Promise<LockedRun> {
  const row = isRunId(runId)
    ? await tx.db
        .selectFrom('larder.runs')
        .select(['status', 'planned_at'])
        .where('project', '=', project)
        .where('run_id', '=', runId)
        .forUpdate()
        .executeTakeFirst()
    : undefined;
  if (!row) throw runNotFound();
  return { status: row.status, planned: row.planned_at !== null };
}

export function stateConflict(runId: string, status: RunStatus, verb: string): LarderError {
  return new LarderError('RUN_STATE_CONFLICT', `Run ${runId} is ${status}; it cannot be ${verb}.`);
}
