import { fromNow, type ChunkAttempt, type RunStore } from '../run-store.ts';

export interface ChunkProgress {
  readonly done: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Extends the lease and writes progress; false when the attempt was revoked or its run was cancelled. */
export async function heartbeatChunk(
  store: RunStore,
  attempt: ChunkAttempt,
  options: { readonly leaseMs: number; readonly progress: ChunkProgress },
): Promise<boolean> {
  const { numUpdatedRows } = await store.db
    .updateTable('larder.chunks')
    .set({
      lease_expires_at: fromNow(options.leaseMs),
      rows_done: options.progress.done,
      rows_failed: options.progress.failed,
      rows_skipped: options.progress.skipped,
    })
    .where('chunk_id', '=', attempt.chunkId)
    .where('attempt', '=', attempt.attempt)
    .where('state', '=', 'running')
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}
