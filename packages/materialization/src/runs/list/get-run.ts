import { LarderError } from '@larder/core';
import { sql } from 'kysely';
import type { RunStore } from '../run-store.ts';
import { selectSummaries, type RunSummary } from './run-summary.ts';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Reads one run with its current row counts. @throws RUN_NOT_FOUND */
export async function getRun(store: RunStore, project: string, runId: string): Promise<RunSummary> {
  const [run] = isRunId(runId)
    ? await selectSummaries(store, sql<boolean>`r.project = ${project} and r.run_id = ${runId}::uuid`, 1)
    : [];
  if (!run) throw runNotFound();
  return run;
}

export function runNotFound(): LarderError {
  return new LarderError('RUN_NOT_FOUND', 'No run has this id; list the runs to find it.');
}

/** PostgreSQL would refuse anything else with its own error. */
export function isRunId(text: string): boolean {
  return UUID.test(text);
}
