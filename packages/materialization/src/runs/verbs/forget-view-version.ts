import {
  recordChange,
  replaceHistoryIn,
  type Replacement,
  type StoreTransaction,
  type ViewVersion,
} from '@larder/offline-store';
import { sql } from 'kysely';
import { SUMS_FROM_SUMMED } from '../finish/finish-runs.ts';
import { CHUNK_SUMS } from '../list/run-summary.ts';
import { PAUSE_ENDED } from './paused-ms.ts';

/**
 * Sets the history of a view version aside, cancels its open runs and records the change in the feed, as part of the
 * caller's transaction; ended runs stay as a record. A history that the new definition computed before comes back. For
 * versions that are changed in place: computed values no longer match the definition.
 * @returns whether a history came back; the caller writes it to the online store again
 */
export async function forgetViewVersionIn(
  tx: StoreTransaction,
  target: ViewVersion & Replacement,
): Promise<boolean> {
  const { project, view, version } = target;
  const { rows } = await sql<{ run_id: string }>`
    select run_id from larder.runs
    where project = ${project} and view = ${view} and version = ${version}
      and status in ('queued', 'running', 'paused', 'held')
    order by run_id for no key update`.execute(tx.db);
  for (const { run_id: runId } of rows) {
    // Waits for running landings; their rows are removed below. None of them may reach the online store again.
    await sql`
      update larder.chunks set state = 'cancelled', finished_at = now(), lease_expires_at = null,
        rows_done = 0, rows_failed = 0, rows_skipped = 0
      where run_id = ${runId} and state in ('pending', 'dispatched', 'running', 'landed_history')`.execute(
      tx.db,
    );
    await sql`update larder.row_failures set retry_at = null where run_id = ${runId} and retry_at is not null`.execute(
      tx.db,
    );
    await sql`
      update larder.runs target set ${SUMS_FROM_SUMMED}, status = 'cancelled', finished_at = now(), ${PAUSE_ENDED},
        planning_token = null, planning_lease_expires_at = null
      from larder.runs r cross join lateral (${CHUNK_SUMS}) s
      where target.run_id = ${runId} and r.run_id = target.run_id`.execute(tx.db);
  }
  await removeCancelledRows(
    tx,
    target,
    rows.map(({ run_id: runId }) => runId),
  );
  const back = await replaceHistoryIn(tx, target, target);
  await moveChunks(tx, target, back);
  await recordChange(tx, project, { kind: 'dropped', view, version });
  if (back) await recordLandedAgain(tx, target);
  return back;
}

/** Rows of chunks that no longer count as landed, so that a history that comes back has what its runs say. */
async function removeCancelledRows(
  tx: StoreTransaction,
  target: ViewVersion,
  runIds: readonly string[],
): Promise<void> {
  const { rows } = await sql<{ there: boolean }>`
    select to_regclass(${`"${target.project}_history"."${target.view}_v${target.version}"`}) is not null as there`.execute(
    tx.db,
  );
  if (rows[0]?.there !== true || runIds.length === 0) return;
  await sql`
    delete from ${historyOf(target)} h using larder.chunks c
    where c.chunk_id = h.chunk_id and c.run_id = any(${runIds}::uuid[]) and c.state = 'cancelled'`.execute(
    tx.db,
  );
}

/**
 * Chunks go where their rows go. A history that did not come back is gone, also when a later one has the same
 * fingerprint.
 */
async function moveChunks(
  tx: StoreTransaction,
  target: ViewVersion & Replacement,
  back: boolean,
): Promise<void> {
  const { project, view, version, was, now } = target;
  await sql`
    update larder.chunks c
    set set_aside = case when c.set_aside = ${was} then 'dropped' when c.set_aside = ${now} then ${back ? null : 'dropped'} else ${was} end
    from larder.runs r
    where r.run_id = c.run_id and r.project = ${project} and r.view = ${view} and r.version = ${version}
      and c.state = 'done' and (c.set_aside is null or c.set_aside in (${was}, ${now}))`.execute(tx.db);
}

/** For followers of the feed, and for the view's freshness: the rows are there again. */
async function recordLandedAgain(tx: StoreTransaction, target: ViewVersion): Promise<void> {
  const { project, view, version } = target;
  for (const kind of ['landed', 'online'])
    await sql`
      insert into larder.unnumbered_changes
        (project, kind, view, version, run_id, chunk_id, revision, rows, first_event_timestamp, last_event_timestamp)
      select ${project}, ${kind}, ${view}, ${version}, c.run_id, h.chunk_id, min(h.revision), count(*)::integer,
        min(h.event_timestamp), max(h.event_timestamp)
      from ${historyOf(target)} h join larder.chunks c on c.chunk_id = h.chunk_id
      group by c.run_id, h.chunk_id order by h.chunk_id`.execute(tx.db);
  tx.tellChanges();
}

function historyOf({ project, view, version }: ViewVersion) {
  return sql.table(`${project}_history.${view}_v${version}`);
}
