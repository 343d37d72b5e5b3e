import { sql } from 'kysely';
import { fromNow, isOneOf, type ChunkAttempt, type LoadedView, type RunStore } from './run-store.ts';

export interface StaleDispatchOptions {
  readonly project: string;
  readonly olderThanMs: number;
  readonly limit: number;
}

/**
 * Dispatched chunks that nobody claimed for a while; each is returned again only after the same while, so that several
 * watchdogs do not all ask the queue about it.
 */
export async function claimStaleDispatches(
  store: RunStore,
  options: StaleDispatchOptions,
): Promise<ChunkAttempt[]> {
  const { rows } = await sql<ChunkAttempt>`
    update larder.chunks set dispatched_at = now()
    where chunk_id in (
      select c.chunk_id from larder.chunks c join larder.runs r on r.run_id = c.run_id
      where c.state = 'dispatched' and r.project = ${options.project}
        and c.dispatched_at < now() - ${options.olderThanMs} * interval '1 millisecond'
      order by c.dispatched_at limit ${options.limit}
      for no key update of c skip locked)
    returning chunk_id as "chunkId", attempt`.execute(store.db);
  return rows;
}

export interface LandedChunk {
  readonly chunkId: number;
  readonly runId: string;
  readonly view: string;
  readonly version: number;
  readonly fingerprint: string;
}

export interface ClaimLandedOptions {
  readonly project: string;
  readonly views: readonly LoadedView[];
  readonly leaseMs: number;
  readonly limit: number;
}

/** Chunks whose history stands but whose worker died before the online store had it; held for the length of a lease. */
export async function claimLandedChunks(
  store: RunStore,
  options: ClaimLandedOptions,
): Promise<LandedChunk[]> {
  const { rows } = await sql<LandedChunk>`
    update larder.chunks c set lease_expires_at = ${fromNow(options.leaseMs)}
    from larder.runs r
    where r.run_id = c.run_id and c.chunk_id in (
      select c.chunk_id from larder.chunks c join larder.runs r on r.run_id = c.run_id
      where c.state = 'landed_history' and r.project = ${options.project} and c.lease_expires_at < now()
        and ${isOneOf(options.views)}
      order by c.chunk_id limit ${options.limit}
      for no key update of c skip locked)
    returning c.chunk_id as "chunkId", c.run_id as "runId", r.view, r.version, r.fingerprint`.execute(
    store.db,
  );
  return rows;
}
