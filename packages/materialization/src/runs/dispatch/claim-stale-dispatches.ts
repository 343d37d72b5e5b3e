import { sql } from 'kysely';
import type { ChunkAttempt, RunStore } from '../run-store.ts';

export interface StaleDispatchOptions {
  readonly project: string;
  readonly olderThanMs: number;
  readonly limit: number;
}

/**
 * Claims dispatched chunks that no worker claimed for a while; each is returned again only after the same time, so that
 * several watchdogs do not all query the queue for it.
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
