import { sql, type RawBuilder } from 'kysely';
import { afterBackoff, MAX_FAILURES } from './attempts.ts';
import { storableReason } from '@larder/offline-store';
import type { ChunkAttempt, RunStore } from '../run-store.ts';

export interface BrokenAttempt {
  readonly code: string;
  readonly reason: string;
  /** False: another attempt would fail the same way, so the chunk fails at once. */
  readonly retryable: boolean;
  /** Wait before the second attempt; doubles with each attempt, up to a minute. */
  readonly backoffMs: number;
}

export interface BrokenChunk {
  readonly chunkId: number;
  readonly runId: string;
  readonly state: 'pending' | 'failed';
}

/**
 * Records that an attempt threw: the chunk waits and is retried, or fails after the fifth time. The reason is listed
 * with the run's failures from the first time on, until the chunk lands. Null when the attempt is no longer current.
 */
export async function failChunk(
  store: RunStore,
  attempt: ChunkAttempt,
  broken: BrokenAttempt,
): Promise<BrokenChunk | null> {
  const current = sql<boolean>`c.chunk_id = ${attempt.chunkId} and c.attempt = ${attempt.attempt}`;
  return (await breakAttempts(store, current, broken))[0] ?? null;
}

/** Ends attempts whose worker stopped extending its lease: killed, cut off, or stuck. */
export function expireLeases(
  store: RunStore,
  options: { readonly project: string; readonly backoffMs: number },
): Promise<BrokenChunk[]> {
  const expired = sql<boolean>`c.lease_expires_at < now()
    and c.run_id in (select run_id from larder.runs where project = ${options.project} and finished_at is null)`;
  return breakAttempts(store, expired, {
    code: 'WORKER_LOST',
    reason:
      'The worker that computed this chunk stopped responding; if this happens repeatedly, check its memory.',
    retryable: true,
    // Chunks that a worker held together are not retried together: one of them may crash every worker.
    backoffMs: sql`${options.backoffMs}::double precision * (0.5 + random())`,
  });
}

async function breakAttempts(
  store: RunStore,
  condition: RawBuilder<boolean>,
  broken: Omit<BrokenAttempt, 'backoffMs'> & { readonly backoffMs: number | RawBuilder<unknown> },
): Promise<BrokenChunk[]> {
  const failed = sql`(not ${broken.retryable} or c.failures + 1 >= ${MAX_FAILURES})`;
  const reason = storableReason(broken.reason);
  const { rows } = await sql<BrokenChunk>`
    with candidate as (
      select c.chunk_id from larder.chunks c where c.state = 'running' and ${condition} for no key update skip locked
    ), broken as (
      update larder.chunks c set
        state = case when ${failed} then 'failed' else 'pending' end,
        failures = c.failures + 1,
        not_before = ${afterBackoff(broken.backoffMs, sql`c.failures`)},
        lease_expires_at = null,
        rows_done = 0,
        rows_skipped = 0,
        rows_failed = case when ${failed} then c.rows_total else 0 end,
        finished_at = case when ${failed} then now() end,
        error_code = ${broken.code},
        error_reason = ${reason}
      from candidate where c.chunk_id = candidate.chunk_id
      returning c.*
    ), noted_before as (
      delete from larder.row_failures f using broken where f.chunk_id = broken.chunk_id and f.keys is null
    ), noted as (
      insert into larder.row_failures (run_id, chunk_id, code, reason, retryable, attempts)
      select run_id, chunk_id, ${broken.code},
        format('Chunk %s (%s rows): %s', ordinal, rows_total, ${reason}::text), ${broken.retryable}, failures
      from broken
    )
    select chunk_id as "chunkId", run_id as "runId", state from broken`.execute(store.db);
  return rows;
}
