import type { Logger } from '@larder/core';
import type { OfflineStore } from '@larder/offline-store';
import { finishRuns } from './finish-runs.ts';

export interface EndRunsOptions {
  readonly store: OfflineStore;
  readonly projectName: string;
  readonly logger: Pick<Logger, 'info'>;
  /** A run that is told elsewhere: the answer of a push. */
  readonly except?: string;
}

/** Ends the runs whose chunks have all ended, whoever computed them, with a line each. */
export async function endRuns({ store, projectName, logger, except }: EndRunsOptions): Promise<void> {
  for (const { runId, view, version, status, seconds, ...rows } of await finishRuns(store, projectName))
    if (runId !== except)
      logger.info({ runId, view: `${view}@${version}`, status, ...rows, seconds }, 'A run ended');
}
