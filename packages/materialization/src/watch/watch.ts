import type { LoadedViews } from '../materializer/loaded-views.ts';
import type { MaterializerTimes } from '../materializer/materializer-times.ts';
import { endRuns } from '../runs/finish/end-runs.ts';
import {
  dropStagedRows,
  endFrozenLandings,
  expireLeases,
  failUnloadedRuns,
  retryWaitingRows,
  seeLoadedRuns,
} from '../runs/index.ts';
import { findLostJobs, type LostJobsDeps } from './find-lost-jobs.ts';
import { replayLanded, type ReplayDeps } from './replay-landed.ts';

export interface WatchDeps extends ReplayDeps, Pick<LostJobsDeps, 'queue'> {
  readonly views: ReplayDeps['views'] & Pick<LoadedViews, 'announced'>;
  readonly times: Pick<MaterializerTimes, 'leaseMs' | 'backoffMs' | 'definitionGraceMs' | 'staleDispatchMs'>;
}

/** Finds what dead workers and a lost queue left behind. Every process runs it; no chunk is taken twice. */
export async function watch(deps: WatchDeps): Promise<void> {
  const { store, projectName: project, times, logger } = deps;
  for (const { chunkId, runId, state } of await expireLeases(store, { project, backoffMs: times.backoffMs }))
    logger.warn({ chunkId, runId, state }, 'A lease expired; its worker is gone or stuck');
  for (const chunkId of await endFrozenLandings(store, { project, overdueMs: 2 * times.leaseMs }))
    logger.warn(
      { chunkId },
      'A frozen worker held a chunk in the middle of landing; its database session was ended',
    );
  const loaded = { project, views: deps.views.claimable(), graceMs: times.definitionGraceMs };
  await seeLoadedRuns(store, loaded);
  const withoutSource = deps.views.announced().filter(({ lacks }) => lacks !== undefined);
  for (const runId of await failUnloadedRuns(store, { ...loaded, withoutSource }))
    logger.error({ runId }, 'No worker has the code of a run, or reaches its source; it failed');
  await retryWaitingRows(store, project);
  await endRuns(deps);
  await dropStagedRows(store, project);
  // Last, because they need Redis: the others still run while it is down.
  await replayLanded(deps);
  await findLostJobs(deps);
}
