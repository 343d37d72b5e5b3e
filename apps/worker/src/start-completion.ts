import { startLoop, type Logger, type Loop } from '@larder/core';
import type { OfflineStore } from '@larder/offline-store';
import { createCompletion, promoteCompleteVersions } from '@larder/registry';

export interface CompletionLoopOptions {
  readonly store: OfflineStore;
  readonly project: string;
  readonly logger: Logger;
  /** @default 2000 */
  readonly intervalMs?: number;
}

/**
 * Marks model versions as complete once their views are filled, and promotes those that somebody asked to promote then,
 * for the lifetime of the process. Any number of processes may run it.
 */
export function startCompletion(options: CompletionLoopOptions): Pick<Loop, 'stop'> {
  const { store, project, logger, intervalMs = 2_000 } = options;
  const completion = createCompletion({ store, project, logger });
  return startLoop({
    name: 'Following the coverage of views',
    intervalMs,
    logger,
    async turn() {
      await completion.completeVersions();
      await promoteCompleteVersions({ store, project, logger });
    },
  });
}
