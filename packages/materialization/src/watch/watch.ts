import { isLarderError } from '@larder/core';
import { readChunkHistory } from '@larder/offline-store';
import {
  claimLandedChunks,
  claimStaleDispatches,
  completeChunk,
  endFrozenLandings,
  expireLeases,
  failUnloadedRuns,
  giveBackChunk,
  retryWaitingRows,
  seeLoadedRuns,
} from '../runs/index.ts';
import type { ChunkQueue } from '../queue/chunk-queue.ts';
import { writeOnline } from '../online/write-online.ts';
import { endRuns } from '../runs/finish/end-runs.ts';
import type { MaterializedView } from '../materializer/loaded-views.ts';
import type { MaterializerContext } from '../materializer/materializer-context.ts';

const CHUNKS_PER_TURN = 20;

/** Finds what dead workers and a lost queue left behind. Every process does it; no chunk is taken by two. */
export async function watch(context: MaterializerContext, queue: Pick<ChunkQueue, 'has'>): Promise<void> {
  const { store, projectName: project, times, logger } = context;
  for (const { chunkId, runId, state } of await expireLeases(store, { project, backoffMs: times.backoffMs }))
    logger.warn({ chunkId, runId, state }, 'A lease ran out; its worker is gone or stuck');
  for (const chunkId of await endFrozenLandings(store, { project, overdueMs: 2 * times.leaseMs }))
    logger.warn(
      { chunkId },
      'A frozen worker held a chunk in the middle of landing; its database session was ended',
    );
  const loaded = { project, views: context.views.claimable(), graceMs: times.definitionGraceMs };
  await seeLoadedRuns(store, loaded);
  for (const runId of await failUnloadedRuns(store, loaded))
    logger.error({ runId }, 'No worker has the code of a run; it failed');
  await retryWaitingRows(store, project);
  await endRuns(context);
  // Last, because they need Redis: while it is away the others still happen.
  await replayLanded(context);
  await findLostJobs(context, queue);
}

async function replayLanded(context: MaterializerContext): Promise<void> {
  const { store, projectName: project, times, views, logger } = context;
  const landed = await claimLandedChunks(store, {
    project,
    views: views.claimable(),
    leaseMs: times.leaseMs,
    limit: CHUNKS_PER_TURN,
  });
  for (const { chunkId, ...run } of landed) {
    const view = views.find(run);
    if (!view) continue;
    try {
      await replay(context, view, chunkId);
    } catch (error) {
      logger.warn({ err: error, chunkId, view: view.ref }, 'A landed chunk could not be replayed');
      // The others would wait for it as long, each.
      if (isLarderError(error) && error.code === 'ONLINE_STORE_UNAVAILABLE') break;
    }
  }
  if (landed.length > 0) await endRuns(context);
}

async function replay(
  { store, views, onlineStore, logger }: MaterializerContext,
  view: MaterializedView,
  chunkId: number,
): Promise<void> {
  const rows = await readChunkHistory(store, views.project, view.manifest, chunkId);
  await writeOnline(rows, { onlineStore, view: view.manifest, entity: view.entity });
  await completeChunk(store, chunkId);
  logger.info(
    { chunkId, view: view.ref, rows: rows.length },
    'A landed chunk was replayed into the online store',
  );
}

async function findLostJobs(
  { store, projectName: project, times, logger }: MaterializerContext,
  queue: Pick<ChunkQueue, 'has'>,
): Promise<void> {
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
