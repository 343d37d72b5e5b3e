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
  /** The runs that fed it have ended, and everything that they landed has its position in the feed. */
  readonly parentsEnded: boolean;
}

/** Null: no run of the view takes chunks; one that was cancelled takes none. */
export async function openFeeding(
  tx: RunStore,
  { project, view, version }: ViewOfProject,
): Promise<FedRun | null> {
  const { rows } = await sql<{ run_id: string }>`
    select run_id from larder.runs r
    where r.project = ${project} and r.view = ${view} and r.version = ${version} and r.feeding and r.finished_at is null
    order by r.revision desc limit 1 for no key update`.execute(tx.db);
  const runId = rows[0]?.run_id;
  if (runId === undefined) return null;
  const { rows: parents } = await sql<{ ended: boolean }>`
    select not exists (
      select from larder.run_links l join larder.runs p on p.run_id = l.parent_run_id
      where l.run_id = ${runId} and p.finished_at is null
    ) and not exists (
      select from larder.unnumbered_changes u join larder.run_links l on l.parent_run_id = u.run_id
      where l.run_id = ${runId} and u.kind = 'landed'
    ) as ended`.execute(tx.db);
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
