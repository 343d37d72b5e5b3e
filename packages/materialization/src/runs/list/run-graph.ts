import { sql } from 'kysely';
import type { RunStore } from '../run-store.ts';
import { getRun } from './get-run.ts';
import { runJson } from './run-json.ts';
import { selectSummaries, type RunSummary } from './run-summary.ts';

export interface RunGraph {
  /** The run, those that fed it and those that it fed, by revision: a run comes after the ones that fed it. */
  readonly runs: readonly RunSummary[];
  readonly links: readonly { readonly parentRunId: string; readonly runId: string }[];
}

const MAX_RUNS = 500;

/** A run with everything upstream and downstream of it. @throws RUN_NOT_FOUND */
export async function runGraph(store: RunStore, project: string, runId: string): Promise<RunGraph> {
  await getRun(store, project, runId);
  const { rows } = await sql<{ run_id: string }>`
    with recursive up as (
      select ${runId}::uuid as run_id
      union select l.parent_run_id from larder.run_links l join up using (run_id)
    ), down as (
      select ${runId}::uuid as run_id
      union select l.run_id from larder.run_links l join down on down.run_id = l.parent_run_id
    )
    select run_id from up union select run_id from down limit ${MAX_RUNS}`.execute(store.db);
  const runIds = rows.map((row) => row.run_id);
  const runs = await selectSummaries(
    store,
    sql<boolean>`r.project = ${project} and r.run_id = any (${runIds}::uuid[])`,
    MAX_RUNS,
  );
  const links = await store.db
    .selectFrom('larder.run_links')
    .select(['parent_run_id as parentRunId', 'run_id as runId'])
    .where('parent_run_id', 'in', runIds)
    .where('run_id', 'in', runIds)
    .orderBy('parent_run_id')
    .orderBy('run_id')
    .execute();
  return { runs: runs.toSorted((one, other) => one.revision - other.revision), links };
}

/** A graph in the form of the HTTP API and the CLI. */
export function runGraphJson({ runs, links }: RunGraph) {
  return {
    runs: runs.map(runJson),
    links: links.map(({ parentRunId, runId }) => ({ parent_run_id: parentRunId, run_id: runId })),
  };
}
