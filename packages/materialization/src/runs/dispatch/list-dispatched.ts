import { sql } from 'kysely';
import type { ChunkAttempt, RunStore } from '../run-store.ts';

export interface ListDispatchedOptions {
  readonly project: string;
  readonly limit: number;
}

/** Lists dispatched attempts that are not claimed yet, oldest chunks first. */
export async function listDispatched(
  store: RunStore,
  options: ListDispatchedOptions,
): Promise<ChunkAttempt[]> {
  const { rows } = await sql<ChunkAttempt>`
    select c.chunk_id as "chunkId", c.attempt
    from larder.chunks c join larder.runs r on r.run_id = c.run_id
    where c.state = 'dispatched' and r.project = ${options.project}
    order by c.chunk_id limit ${options.limit}`.execute(store.db);
  return rows;
}
