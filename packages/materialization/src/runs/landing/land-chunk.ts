import { sql } from 'kysely';
import { afterBackoff, MAX_FAILURES } from '../attempt/attempts.ts';
import type { PushedRunOnline } from './end-pushed-run.ts';
import { landingLock } from './end-frozen-landings.ts';
import { storableReason, storableText } from '@larder/offline-store';
import { fromNow, type ChunkAttempt, type RunStore } from '../run-store.ts';

/**
 * Locks the chunk's row until the transaction ends, if this attempt still holds it. A landing must call it first in
 * the transaction that writes history: false means that another attempt owns the rows now. Landing never
 * changes the run (see `TRANSITIONS` for the order of locks).
 */
export async function lockChunk(tx: RunStore, attempt: ChunkAttempt): Promise<boolean> {
  // The run's row first. Row locks are not visible to other sessions; the advisory lock shows `endFrozenLandings` which session holds the chunk.
  await sql`
    select pg_advisory_xact_lock(${landingLock(sql`${attempt.chunkId}::bigint`)}) from (
      select from larder.runs where run_id = (select run_id from larder.chunks where chunk_id = ${attempt.chunkId})
      for key share
    ) locked`.execute(tx.db);
  const row = await tx.db
    .selectFrom('larder.chunks')
    .select('chunk_id')
    .where('chunk_id', '=', attempt.chunkId)
    .where('attempt', '=', attempt.attempt)
    .where('state', '=', 'running')
    .forNoKeyUpdate()
    .executeTakeFirst();
  return row !== undefined;
}

/** Outcome of a chunk's rows; `done + failed + skipped` is the chunk's exact total. */
export interface LandedCounts {
  readonly done: number;
  readonly failed: number;
  readonly skipped: number;
  /** Rows with the same key, event and created timestamp as a later row of the chunk. */
  readonly duplicate: number;
}

export interface LandedFailure {
  readonly entityKey: string | null;
  readonly keys: readonly string[] | null;
  readonly eventTimestampMs: number | null;
  readonly code: string;
  readonly reason: string;
  readonly retryable: boolean;
}

export interface Landing {
  readonly runId: string;
  readonly chunkId: number;
  readonly counts: LandedCounts;
  readonly failures: readonly LandedFailure[];
  /** Of `counts.done`: rows that were not written, because their entity was erased. @default 0 */
  readonly erased?: number;
  /** Time that the landing worker has for the online store before a watchdog replays. */
  readonly leaseMs: number;
  /** Wait before the second attempt at a row with a transient failure; doubles with each attempt. @default no second attempt */
  readonly backoffMs?: number;
}

/** Does the second half of the landing transaction, after `lockChunk` and COPY: failures and `landed_history`. */
export async function recordLanding(tx: RunStore, landing: Landing): Promise<void> {
  if (landing.failures.length > 0) await recordFailures(tx, landing);
  else await tx.db.deleteFrom('larder.row_failures').where('chunk_id', '=', landing.chunkId).execute();
  const { done, failed, skipped, duplicate } = landing.counts;
  await tx.db
    .updateTable('larder.chunks')
    .set({
      state: 'landed_history',
      rows_total: done + failed + skipped,
      rows_done: done,
      rows_failed: failed,
      rows_skipped: skipped,
      rows_duplicate: duplicate,
      rows_erased: landing.erased ?? 0,
      error_code: null,
      error_reason: null,
      landed_at: sql<Date>`now()`,
      lease_expires_at: fromNow(landing.leaseMs),
    })
    .where('chunk_id', '=', landing.chunkId)
    .execute();
}

/** Replaces those of the attempt before. */
async function recordFailures(tx: RunStore, landing: Landing): Promise<void> {
  const failures = landing.failures.map((failure) => ({
    ...failure,
    code: storableText(failure.code),
    reason: storableReason(failure.reason),
  }));
  await sql`
    with earlier as (
      delete from larder.row_failures where chunk_id = ${landing.chunkId}
      returning entity_key, attempts
    )
    insert into larder.row_failures (run_id, chunk_id, entity_key, keys, event_timestamp, code, reason, retryable, attempts, retry_at)
    select ${landing.runId}::uuid, ${landing.chunkId}, f."entityKey", nullif(f.keys, 'null'::jsonb),
      to_timestamp(f."eventTimestampMs" / 1000.0), f.code, f.reason, f.retryable, before.attempts + 1,
      case when f.retryable and before.attempts + 1 < ${MAX_FAILURES} and f.keys <> 'null'::jsonb
        then ${afterBackoff(landing.backoffMs ?? null, sql`before.attempts`)} end
    from jsonb_to_recordset(${JSON.stringify(failures)}::jsonb) as f
      ("entityKey" text, keys jsonb, "eventTimestampMs" double precision, code text, reason text, retryable boolean)
    cross join lateral (
      -- Matched by key: a row whose event timestamp changes between attempts (now() in a source) would be retried forever.
      select coalesce(max(attempts), 0) as attempts from earlier e where e.entity_key = f."entityKey"
    ) before`.execute(tx.db);
}

/**
 * Records that the online store has confirmed the chunk's rows, `created` of which are new to it; safe to repeat, even
 * by a process that replays rows which another process has already written online.
 * @param views that changed, where they are not the run's own
 */
export async function completeChunk(
  store: RunStore,
  chunkId: number,
  created: number,
  views?: PushedRunOnline['views'],
): Promise<void> {
  await sql`
    with completed as (
      update larder.chunks set state = 'done', online_at = now(), finished_at = now(), lease_expires_at = null
      where chunk_id = ${chunkId} and state = 'landed_history'
      returning run_id, chunk_id, rows_done
    )
    insert into larder.unnumbered_changes (project, kind, view, version, run_id, chunk_id, rows)
    select r.project, 'online', coalesce(v.view, r.view), coalesce(v.version, r.version), r.run_id, c.chunk_id,
      coalesce(v.created, ${created})
    from completed c join larder.runs r using (run_id)
    left join jsonb_to_recordset(${JSON.stringify(views ?? [])}::jsonb) as v (view text, version integer, created integer)
      on true
    where c.rows_done > 0 and (v.view is not null or ${views === undefined})`.execute(store.db);
}
