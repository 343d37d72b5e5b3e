import { newId } from '@larder/core';
import type { FeatureViewManifest } from '@larder/features';
import { sql } from 'kysely';
import type { RunStore } from '../run-store.ts';

export interface FeedRun {
  readonly project: string;
  readonly view: Pick<FeatureViewManifest, 'name' | 'version' | 'fingerprint' | 'chunk_rows'>;
  /** From `openFeeding`; null: a new run. */
  readonly runId: string | null;
  /** Runs that landed the rows. */
  readonly parentRunIds: readonly string[];
  /** Keys to compute, as text. */
  readonly keys: readonly (readonly string[])[];
}

const BASE_PRIORITY = 50;

/**
 * Adds keys to the run as chunks, under its lock. A new run is more urgent than those that feed it, so that rows flow on
 * while these have chunks left. A key that has no row, because one of its views has none or ended it, ends as well.
 * @returns the run
 */
export async function feedRun(
  tx: RunStore,
  { project, view, runId: open, parentRunIds, keys }: FeedRun,
): Promise<string> {
  const runId = open ?? newId();
  if (open === null)
    await sql`
      insert into larder.runs (run_id, project, view, version, fingerprint, trigger, status, scope, priority, force,
        request_sha256, planned_at, started_at, feeding)
      select ${runId}, ${project}, ${view.name}, ${view.version}, ${view.fingerprint}, 'chain', 'running',
        '{"chained": true}', least(100, coalesce(max(priority), ${BASE_PRIORITY}) + 1), false, '', now(), now(), true
      from larder.runs where run_id = any (${parentRunIds}::uuid[])`.execute(tx.db);
  await sql`
    insert into larder.run_links (parent_run_id, run_id)
    select run_id, ${runId}::uuid from larder.runs where run_id = any (${parentRunIds}::uuid[])
    on conflict do nothing`.execute(tx.db);
  await sql`
    insert into larder.chunks (run_id, ordinal, bounds, rows_total)
    select ${runId}::uuid, (select coalesce(max(ordinal), -1) from larder.chunks where run_id = ${runId}) + 1 + page,
      jsonb_build_object('kind', 'keys', 'keys', jsonb_agg(key order by place), 'goneSince', now_text, 'asOf', now_text),
      count(*)
    from (
      select key, place, ((place - 1) / ${view.chunk_rows})::integer as page
      from jsonb_array_elements(${JSON.stringify(keys)}::jsonb) with ordinality as given (key, place)
    ) paged, to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as now_text
    group by page, now_text`.execute(tx.db);
  return runId;
}

/** No more chunks come: the run ends with those that it has. */
export async function endFeeding(tx: RunStore, runId: string): Promise<void> {
  await tx.db
    .updateTable('larder.runs')
    .set({ feeding: false })
    .where('run_id', '=', runId)
    .where('finished_at', 'is', null)
    .execute();
}
