import { LarderError } from '@larder/core';
import { runNotFound, isRunId } from './list/get-run.ts';
import type { RunStore } from './run-store.ts';
import type { RunStatus } from '@larder/offline-store';

export interface LockedRun {
  readonly status: RunStatus;
  readonly planned: boolean;
}

/**
 * Locks the run until the transaction ends, for whoever changes it. @throws RUN_NOT_FOUND
 *
 * The order of locks, which keeps transactions from waiting for each other in a circle:
 * 1. the run, `for no key update` by whoever changes it, `for key share` by whoever lands a chunk of it: the foreign keys
 *    of `chunks` and `row_failures` take that lock anyway, and the two do not exclude each other;
 * 2. its chunks, `for no key update`. Whoever holds a chunk never changes the run, and takes several chunks only with
 *    `skip locked`.
 * `for update` is never taken: it would exclude the key share of foreign keys.
 */
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

export function stateConflict(runId: string, status: RunStatus, verb: string): LarderError {
  return new LarderError('RUN_STATE_CONFLICT', `Run ${runId} is ${status}; it cannot be ${verb}.`);
}
