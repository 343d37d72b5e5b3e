import { sql } from 'kysely';
import type { OfflineStore, StoreTransaction } from '@larder/offline-store';
import { SUMS_FROM_SUMMED } from '../finish/finish-runs.ts';
import { CHUNK_SUMS } from '../list/run-summary.ts';
import { isOneOf, type LoadedView, type RunStore } from '../run-store.ts';

export interface UnloadedOptions {
  readonly project: string;
  /** Views that this process has loaded. */
  readonly views: readonly LoadedView[];
  /** How long a run may wait for a process that has its code; longer than a rolling restart takes. */
  readonly graceMs: number;
}

/** Records that the open runs whose code this process has have a worker; ten times within the grace period. */
export async function seeLoadedRuns(store: RunStore, options: UnloadedOptions): Promise<void> {
  await sql`
    update larder.runs set code_seen_at = now() where run_id in (
      select r.run_id from larder.runs r
      where r.project = ${options.project} and r.finished_at is null and ${isOneOf(options.views)}
        and (r.code_seen_at is null or r.code_seen_at < now() - ${options.graceMs / 10} * interval '1 millisecond')
      for no key update skip locked)`.execute(store.db);
}

/**
 * Fails queued and running runs whose code no process had within the grace period, with DEFINITION_NOT_LOADED: the view
 * was removed, or the new code was never deployed. Landed rows stay in history; the rest can be retried when the code
 * is back.
 */
export function failUnloadedRuns(store: OfflineStore, options: UnloadedOptions): Promise<string[]> {
  return store.transaction(async (tx) => {
    const { rows } = await sql<{ run_id: string }>`
      select r.run_id from larder.runs r
      where r.project = ${options.project} and r.status in ('queued', 'running') and not ${isOneOf(options.views)}
        and greatest(r.queued_at, r.code_seen_at) < now() - ${options.graceMs} * interval '1 millisecond'
        and (r.planning_lease_expires_at is null or r.planning_lease_expires_at < now())
        and not exists (select from larder.chunks c
          where c.run_id = r.run_id and c.state = 'running' and c.lease_expires_at >= now())
      for no key update skip locked`.execute(tx.db);
    const runIds = rows.map((row) => row.run_id);
    if (runIds.length > 0) await failRuns(tx, runIds);
    return runIds;
  });
}

async function failRuns({ db }: StoreTransaction, runIds: readonly string[]): Promise<void> {
  await sql`
    update larder.chunks set state = 'failed', finished_at = now(), lease_expires_at = null,
      rows_done = 0, rows_skipped = 0, rows_failed = rows_total
    where run_id = any (${runIds}) and state in ('pending', 'dispatched', 'running')`.execute(db);
  await sql`update larder.row_failures set retry_at = null where run_id = any (${runIds}) and retry_at is not null`.execute(
    db,
  );
  await sql`
    update larder.runs target set ${SUMS_FROM_SUMMED}, status = 'failed', finished_at = now(),
      planning_token = null, planning_lease_expires_at = null,
      error_code = 'DEFINITION_NOT_LOADED',
      error_reason = format('No worker has %s@%s as it was when the run was queued. Deploy that code to the workers, then retry; or start another backfill.',
        r.view, r.version)
    from larder.runs r cross join lateral (${CHUNK_SUMS}) s
    where target.run_id = any (${runIds}) and r.run_id = target.run_id`.execute(db);
}
