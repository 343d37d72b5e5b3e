import { sql } from 'kysely';
import { fromNow, type ChunkAttempt, type RunStore } from '../run-store.ts';

/** A chunk that this process holds while its lease runs. */
export interface ClaimedChunk extends ChunkAttempt {
  readonly runId: string;
  readonly view: string;
  readonly version: number;
  readonly fingerprint: string;
  readonly revision: number;
  /** Trace context of the request that queued its run; null: none was traced. */
  readonly traceparent: string | null;
  /** When its run was created. */
  readonly runCreatedAt: Date;
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
 * A chain computes a key again whenever one of its views lands it: whoever reads later must win, also within one run. The
 * last change makes a chunk that is claimed after it, and so reads the last values under the greatest revision.
 */
const NEXT_REVISION = sql`nextval(pg_get_serial_sequence('larder.runs', 'revision'))`;

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
      revision = coalesce(c.revision, case when r.trigger = 'chain' and r.status = 'running' then ${NEXT_REVISION} end),
      rows_done = 0, rows_failed = 0, rows_skipped = 0
    from larder.runs r
    where c.run_id = r.run_id and c.chunk_id = ${attempt.chunkId} and c.attempt = ${attempt.attempt} and c.state = 'dispatched'
    returning c.state = 'running' as claimed, c.chunk_id as "chunkId", c.attempt, c.run_id as "runId", r.view, r.version,
      r.fingerprint, coalesce(c.revision, r.revision) as revision, r.created_at as "runCreatedAt", r.traceparent, r.force, r.scope ? 'missing' as "onlyMissing", c.bounds, c.retry_of as "retryOf",
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
