import type { Logger } from '@larder/core';
import type { OfflineStore } from '@larder/offline-store';
import type { MaterializerObserver } from '../materializer/materializer-observer.ts';
import { takeDueSchedule } from './take-due-schedule.ts';

export interface FireDueOptions {
  readonly store: OfflineStore;
  readonly projectName: string;
  readonly observer: Pick<MaterializerObserver, 'scheduleTaken'>;
  readonly logger: Logger;
}

/** Queues the runs of every schedule that is due. */
export async function fireDueSchedules({
  store,
  projectName,
  observer,
  logger,
}: FireDueOptions): Promise<void> {
  for (;;) {
    const taken = await takeDueSchedule(store, projectName);
    if (taken === null) return;
    observer.scheduleTaken(taken.view, taken.outcome);
    if (taken.outcome === 'left_out')
      logger.warn(taken, 'A scheduled run is left out: the one before has not ended');
    else if (taken.outcome === 'skipped')
      logger.warn(taken, 'A scheduled run is skipped: no worker was there when it was due');
    else logger.info(taken, 'A scheduled run is queued');
  }
}
