import { fromNow, type ChunkAttempt, type RunStore } from '../run-store.ts';

/**
 * Returns a dispatched or running attempt to pending without counting a failure: the queue lost it, the worker
 * is stopping, or this process does not have its code. False when the attempt is no longer current.
 */
export async function giveBackChunk(store: RunStore, attempt: ChunkAttempt, delayMs = 0): Promise<boolean> {
  const { numUpdatedRows } = await store.db
    .updateTable('larder.chunks')
    .set({
      state: 'pending',
      not_before: fromNow(delayMs),
      lease_expires_at: null,
      rows_done: 0,
      rows_failed: 0,
      rows_skipped: 0,
    })
    .where('chunk_id', '=', attempt.chunkId)
    .where('attempt', '=', attempt.attempt)
    .where('state', 'in', ['dispatched', 'running'])
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}
