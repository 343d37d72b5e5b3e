import { sql } from 'kysely';
import type { RunStore } from '../run-store.ts';

export interface ViewOfProject {
  readonly project: string;
  readonly view: string;
  readonly version: number;
}

/** The run that takes what other views land; locked until the transaction ends. */
export interface FedRun {
  readonly runId: string;
  /** Nothing feeds it any more, and everything that landed has its position in the feed. */
  readonly parentsEnded: boolean;
}

/**
 * Null: no run of the view takes chunks; one that was cancelled takes none. A run waits for those that fed it and for every open
 * run of a parent, so that what one schedule starts ends in one run; but not for pushes, which may come all the time.
 * @param parentRefs the views that it follows: `ad_image@1`
 */
export async function openFeeding(
  tx: RunStore,
  { project, view, version }: ViewOfProject,
  parentRefs: readonly string[],
): Promise<FedRun | null> {
  const { rows } = await sql<{ run_id: string }>`
    select run_id from larder.runs r
    where r.project = ${project} and r.view = ${view} and r.version = ${version} and r.feeding and r.finished_at is null
    order by r.revision desc limit 1 for no key update`.execute(tx.db);
  const runId = rows[0]?.run_id;
  if (runId === undefined) return null;
  const { rows: parents } = await sql<{ ended: boolean }>`
    with feeding as (
      select parent_run_id as run_id from larder.run_links where run_id = ${runId}
      union
      select run_id from larder.runs
      where project = ${project} and finished_at is null and trigger <> 'push'
        and view || '@' || version = any (${parentRefs}::text[])
    )
    select not exists (select from feeding join larder.runs using (run_id) where finished_at is null)
      and not exists (select from feeding join larder.unnumbered_changes u using (run_id) where u.kind = 'landed')
      as ended`.execute(tx.db);
  return { runId, parentsEnded: parents[0]?.ended === true };
}

/** Runs among these whose rows the view leaves out, because somebody cancelled the run that took them. */
export async function cancelledFeeds(
  tx: RunStore,
  { project, view, version }: ViewOfProject,
  parentRunIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ run_id: string }>`
    select distinct l.parent_run_id as run_id from larder.run_links l join larder.runs r using (run_id)
    where l.parent_run_id = any (${parentRunIds}::uuid[]) and r.status = 'cancelled'
      and r.project = ${project} and r.view = ${view} and r.version = ${version}`.execute(tx.db);
  return new Set(rows.map((row) => row.run_id));
}
