import { sql } from 'kysely';
import { fromNow, type ChunkAttempt, type RunStore } from '../run-store.ts';

/** A chunk that this process holds while its lease runs. */
export interface ClaimedChunk extends ChunkAttempt {
  readonly runId: string;
  readonly view: string;
  readonly version: number;
  readonly fingerprint: string;
  readonly revision: number;
  readonly force: boolean;
  /** True: rows of entities that have history are skipped. */
  readonly onlyMissing: boolean;
  /** The run records which keys the source returns. */
  readonly recordsKeys: boolean;
  /** Keys of the view have gone from the source before, and may be back. */
  readonly mayReappear: boolean;
  readonly bounds: unknown;
  readonly retryOf: number | null;
  /** Number of failed attempts. */
  readonly failures: number;
  /** Error code of the last failed attempt. */
  readonly brokenBy: string | null;
}

export interface ClaimOptions {
  readonly worker: string;
  readonly leaseMs: number;
}

/**
 * Starts an attempt. Null when it is not this attempt's turn: claimed already (a job delivered twice), replaced by a
 * newer attempt, or its run paused or cancelled (then the chunk waits again as pending).
 */
export async function claimChunk(
  store: RunStore,
  attempt: ChunkAttempt,
  options: ClaimOptions,
): Promise<ClaimedChunk | null> {
  const { rows } = await sql<ClaimedChunk & { claimed: boolean }>`
    update larder.chunks c set
      state = case r.status when 'running' then 'running' else 'pending' end,
      claimed_by = ${options.worker},
      lease_expires_at = case r.status when 'running' then ${fromNow(options.leaseMs)} end,
      started_at = coalesce(c.started_at, now()),
      rows_done = 0, rows_failed = 0, rows_skipped = 0
    from larder.runs r
    where c.run_id = r.run_id and c.chunk_id = ${attempt.chunkId} and c.attempt = ${attempt.attempt} and c.state = 'dispatched'
    returning c.state = 'running' as claimed, c.chunk_id as "chunkId", c.attempt, c.run_id as "runId", r.view, r.version,
      r.fingerprint, r.revision, r.force, r.scope ? 'missing' as "onlyMissing", c.bounds, c.retry_of as "retryOf",
      coalesce(r.gone_state = 'reading', false) as "recordsKeys", exists (
        select from larder.view_freshness f
        where f.project = r.project and f.view = r.view and f.version = r.version and f.newest_gone_at is not null
      ) as "mayReappear",
      c.failures, c.error_code as "brokenBy"`.execute(store.db);
  const [row] = rows;
  if (!row?.claimed) return null;
  const { claimed: _, ...chunk } = row;
  return chunk;
}
