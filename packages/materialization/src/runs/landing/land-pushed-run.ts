import { storableReason, storableText } from '@larder/offline-store';
import { sql } from 'kysely';
import { fromNow, type RunStore } from '../run-store.ts';
import type { LandedCounts, LandedFailure } from './land-chunk.ts';

export interface PushedRun {
  readonly runId: string;
  readonly project: string;
  readonly view: string;
  readonly version: number;
  readonly fingerprint: string;
  readonly counts: LandedCounts;
  /** Without keys: no source could be asked for these rows again. */
  readonly failures: readonly LandedFailure[];
  /** How long the process has for the online store before a watchdog replays. */
  readonly leaseMs: number;
}

export interface LandedPush {
  readonly chunkId: number;
  readonly revision: number;
}

/**
 * A run with its one chunk, landed. Only for the transaction that also writes the chunk's history: nobody sees either
 * before the commit, so there is nothing to lock and no earlier state to pass through. Idempotency keys belong to the
 * pushes that share the run.
 */
export async function landPushedRun(tx: RunStore, pushed: PushedRun): Promise<LandedPush> {
  const { done, failed, skipped, duplicate } = pushed.counts;
  const failures = pushed.failures.map(({ code, reason, retryable }) => ({
    code: storableText(code),
    reason: storableReason(reason),
    retryable,
  }));
  const { rows } = await sql<LandedPush>`
    with run as (
      insert into larder.runs (run_id, project, view, version, fingerprint, trigger, status, scope, priority, force,
        request_sha256, planned_at, started_at)
      values (${pushed.runId}, ${pushed.project}, ${pushed.view}, ${pushed.version}, ${pushed.fingerprint}, 'push',
        'running', '{"pushed": true}', 50, false, '', now(), now())
      returning run_id, revision
    ), chunk as (
      insert into larder.chunks (run_id, ordinal, bounds, state, attempt, rows_total, rows_done, rows_failed,
        rows_skipped, rows_duplicate, lease_expires_at, started_at, landed_at)
      select run_id, 0, '{"kind": "pushed"}', 'landed_history', 1, ${done + failed + skipped}, ${done}, ${failed},
        ${skipped}, ${duplicate}, ${fromNow(pushed.leaseMs)}, now(), now()
      from run
      returning run_id, chunk_id
    ), failed as (
      insert into larder.row_failures (run_id, chunk_id, code, reason, retryable)
      select chunk.run_id, chunk.chunk_id, f.code, f.reason, f.retryable
      from chunk cross join jsonb_to_recordset(${JSON.stringify(failures)}::jsonb) as f
        (code text, reason text, retryable boolean)
    )
    select chunk_id as "chunkId", revision from chunk, run`.execute(tx.db);
  const [landed] = rows;
  if (landed === undefined) throw new Error('A run of pushed rows was not created.');
  return landed;
}

/** Counts that were not known before the rows of a pushed run were stored; in the transaction that lands it. */
export async function recordPushedCounts(
  tx: RunStore,
  chunkId: number,
  { done, duplicate }: Pick<LandedCounts, 'done' | 'duplicate'>,
): Promise<void> {
  await sql`
    update larder.chunks set rows_done = ${done}, rows_duplicate = ${duplicate},
      rows_total = ${done} + rows_failed + rows_skipped
    where chunk_id = ${chunkId}`.execute(tx.db);
}
