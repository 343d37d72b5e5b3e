import type { LoadedViews } from '../materializer/loaded-views.ts';
import type { MaterializerTimes } from '../materializer/materializer-times.ts';
import { dispatchChunks, giveBackChunk, type RunStore } from '../runs/index.ts';
import type { ChunkQueue, Lane } from './chunk-queue.ts';

export interface DispatchDeps {
  readonly projectName: string;
  /** Identifies this process in dispatches. */
  readonly processId: string;
  readonly store: RunStore;
  readonly views: Pick<LoadedViews, 'claimable'>;
  readonly queue: Pick<ChunkQueue, 'add'>;
  readonly slots: number;
  readonly lane: Lane;
  readonly times: Pick<MaterializerTimes, 'backoffMs'>;
}

/** Lets PostgreSQL choose what is computed next, and the queue deliver it. */
export async function dispatchDueChunks(deps: DispatchDeps): Promise<void> {
  const attempts = await dispatchChunks(deps.store, {
    project: deps.projectName,
    views: deps.views.claimable(),
    // Each lane has its own share of unclaimed chunks.
    dispatcher: deps.lane === 'urgent' ? `${deps.processId} urgent` : deps.processId,
    slots: deps.slots,
    urgent: deps.lane === 'urgent',
  });
  if (attempts.length === 0) return;
  try {
    await deps.queue.add(attempts);
  } catch (error) {
    // Jobs that did reach the queue find that their attempt was replaced.
    for (const attempt of attempts) await giveBackChunk(deps.store, attempt, deps.times.backoffMs);
    throw error;
  }
}
