import { sql } from 'kysely';
import type { ComputableView, OfflineStore, StoreTransaction } from '@larder/offline-store';
import { connectionVariable } from '@larder/sources';
import { SUMS_FROM_SUMMED } from '../finish/finish-runs.ts';
import { CHUNK_SUMS } from '../list/run-summary.ts';
import { isOneOf, type LoadedView, type RunStore } from '../run-store.ts';

export interface UnloadedOptions {
  readonly project: string;
  /** Views that this process has loaded, and whose source it reaches. */
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

export interface FailUnloadedOptions extends UnloadedOptions {
  /** Views that this process has loaded, without an address for their connection. @default none */
  readonly withoutSource?: readonly ComputableView[];
}

/**
 * Fails queued and running runs whose code no process had within the grace period, with DEFINITION_NOT_LOADED: the view
 * was removed, or the new code was never deployed; with SOURCE_NOT_CONFIGURED when none of them reached the source. Landed rows stay in history; the rest can be retried when the code
 * is back.
 */
export function failUnloadedRuns(store: OfflineStore, options: FailUnloadedOptions): Promise<string[]> {
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
    if (runIds.length > 0) await failRuns(tx, runIds, options.withoutSource ?? []);
    return runIds;
  });
}

async function failRuns(
  { db }: StoreTransaction,
  runIds: readonly string[],
  withoutSource: readonly ComputableView[],
): Promise<void> {
  const lacking = withoutSource.map(({ lacks = '', ...view }) => ({
    ...view,
    variable: connectionVariable(lacks),
  }));
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
      error_code = case when l.variable is null then 'DEFINITION_NOT_LOADED' else 'SOURCE_NOT_CONFIGURED' end,
      error_reason = case when l.variable is null
        then format('No worker has %s@%s as it was when the run was queued. Deploy that code to the workers, then retry; or start another backfill.',
          r.view, r.version)
        else format('No worker has an address for the source of %s@%s. Set %s where workers run, then retry.',
          r.view, r.version, l.variable) end
    from larder.runs r
    left join jsonb_to_recordset(${JSON.stringify(lacking)}::jsonb) as l (view text, version integer, fingerprint text, variable text)
      on l.view = r.view and l.version = r.version and l.fingerprint = r.fingerprint
    cross join lateral (${CHUNK_SUMS}) s
    where target.run_id = any (${runIds}) and r.run_id = target.run_id`.execute(db);
}
