import { sql } from 'kysely';
import { fromNow, isOneOf, type LoadedView, type RunStore } from '../run-store.ts';

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

/** Claims chunks that landed in history but whose worker died before the online store had them; held for one lease. */
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
