import type { Logger } from '@larder/core';
import type { OfflineStore } from '@larder/offline-store';
import type { LoadedViews } from '../../materializer/loaded-views.ts';
import { decideGone } from '../gone/decide-gone.ts';
import { finishRuns } from './finish-runs.ts';

export interface EndRunsOptions {
  readonly store: OfflineStore;
  readonly projectName: string;
  readonly views: Pick<LoadedViews, 'find' | 'project'>;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
}

/**
 * Ends the runs whose chunks have all ended, whoever computed them, and logs one line each. Runs that end what the source
 * no longer has get more chunks first.
 */
export async function endRuns({ store, projectName, views, logger }: EndRunsOptions): Promise<void> {
  const decided = await decideGone(store, {
    project: views.project,
    find: (run) => views.find(run)?.manifest,
  });
  for (const { runId, view, version, outcome, keys } of decided) {
    const line = { runId, view: `${view}@${version}`, keys };
    if (outcome === 'held') logger.warn(line, 'A run is held: it would end more keys than its view allows');
    else if (keys > 0) logger.info(line, 'A run ends keys that its source no longer has');
  }
  for (const { runId, view, version, status, seconds, ...rows } of await finishRuns(store, projectName))
    logger.info({ runId, view: `${view}@${version}`, status, ...rows, seconds }, 'A run ended');
}
