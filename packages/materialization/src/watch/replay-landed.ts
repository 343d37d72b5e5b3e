import { isLarderError, type Logger } from '@larder/core';
import { readChunkHistory, type OfflineStore } from '@larder/offline-store';
import type { OnlineStore } from '@larder/online-store';
import { completeEvents, tilesOfChunk } from '../events/complete-events.ts';
import type { LoadedViews, MaterializedView } from '../materializer/loaded-views.ts';
import type { MaterializerTimes } from '../materializer/materializer-times.ts';
import { writeOnline } from '../online/write-online.ts';
import { endRuns } from '../runs/finish/end-runs.ts';
import { claimLandedChunks, completeChunk } from '../runs/index.ts';

export interface ReplayDeps {
  readonly projectName: string;
  readonly store: OfflineStore;
  readonly onlineStore: OnlineStore;
  readonly views: Pick<
    LoadedViews,
    'project' | 'announced' | 'claimable' | 'find' | 'findLanded' | 'eventSource'
  >;
  readonly times: Pick<MaterializerTimes, 'leaseMs'>;
  readonly logger: Logger;
}

const CHUNKS_PER_TURN = 20;

/** Writes chunks online whose worker died between history and the online store. */
export async function replayLanded(deps: ReplayDeps): Promise<void> {
  const { store, projectName: project, times, views, logger } = deps;
  const landed = await claimLandedChunks(store, {
    project,
    views: views.announced(),
    leaseMs: times.leaseMs,
    limit: CHUNKS_PER_TURN,
  });
  for (const { chunkId, ...run } of landed) {
    const view = views.findLanded(run);
    if (!view) continue;
    try {
      await replay(deps, view, { chunkId, runId: run.runId });
    } catch (error) {
      logger.warn({ err: error, chunkId, view: view.ref }, 'A landed chunk could not be replayed');
      // Each of the others would have to wait as long.
      if (isLarderError(error) && error.code === 'ONLINE_STORE_UNAVAILABLE') break;
    }
  }
  if (landed.length > 0) await endRuns(deps);
}

async function replay(
  { store, views, onlineStore, logger }: ReplayDeps,
  view: MaterializedView,
  chunk: { readonly chunkId: number; readonly runId: string },
): Promise<void> {
  const { chunkId } = chunk;
  if (view.eventSource !== undefined || view.manifest.windowed !== undefined) {
    const changed = await tilesOfChunk({ store, views }, view, chunkId);
    await completeEvents({ store, onlineStore, views }, { chunk, view, changed });
    logger.info({ chunkId, view: view.ref }, 'The tiles of a landed chunk were written to the online store');
    return;
  }
  const rows = await readChunkHistory(store, views.project, view.manifest, chunkId);
  const created = await writeOnline(rows, { onlineStore, view: view.manifest, entity: view.entity });
  await completeChunk(store, chunkId, created);
  logger.info(
    { chunkId, view: view.ref, rows: rows.length },
    'A landed chunk was replayed into the online store',
  );
}
