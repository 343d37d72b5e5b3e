import type { Logger } from '@larder/core';
import type { MaterializerTimes } from '../materializer/materializer-times.ts';
import type { ChunkQueue } from '../queue/chunk-queue.ts';
import { claimStaleDispatches, giveBackChunk, type RunStore } from '../runs/index.ts';

export interface LostJobsDeps {
  readonly projectName: string;
  readonly store: RunStore;
  readonly queue: Pick<ChunkQueue, 'has'>;
  readonly times: Pick<MaterializerTimes, 'staleDispatchMs'>;
  readonly logger: Logger;
}

const CHUNKS_PER_TURN = 20;

/** Releases dispatched chunks that the queue does not have. */
export async function findLostJobs({
  store,
  projectName: project,
  queue,
  times,
  logger,
}: LostJobsDeps): Promise<void> {
  const stale = await claimStaleDispatches(store, {
    project,
    olderThanMs: times.staleDispatchMs,
    limit: CHUNKS_PER_TURN,
  });
  for (const attempt of stale) {
    if (await queue.has(attempt)) continue;
    if (await giveBackChunk(store, attempt))
      logger.warn({ ...attempt }, 'The queue lost a chunk; it is dispatched again');
  }
}
