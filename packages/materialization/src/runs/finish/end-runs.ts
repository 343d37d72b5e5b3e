import type { Logger } from '@larder/core';
import type { OfflineStore } from '@larder/offline-store';
import { finishRuns } from './finish-runs.ts';

export interface EndRunsOptions {
  readonly store: OfflineStore;
  readonly projectName: string;
  readonly logger: Pick<Logger, 'info'>;
}

/** Ends the runs whose chunks have all ended, whoever computed them, and logs one line each. */
export async function endRuns({ store, projectName, logger }: EndRunsOptions): Promise<void> {
  for (const { runId, view, version, status, seconds, ...rows } of await finishRuns(store, projectName))
    logger.info({ runId, view: `${view}@${version}`, status, ...rows, seconds }, 'A run ended');
}
