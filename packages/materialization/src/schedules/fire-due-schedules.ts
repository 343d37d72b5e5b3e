import type { Logger } from '@larder/core';
import type { OfflineStore } from '@larder/offline-store';
import type { MaterializerObserver } from '../materializer/materializer-observer.ts';
import { ScheduleNotTaken, takeDueSchedule, type TakenDueTime } from './take-due-schedule.ts';

export interface FireDueOptions {
  readonly store: OfflineStore;
  readonly projectName: string;
  readonly observer: Pick<MaterializerObserver, 'scheduleTaken'>;
  readonly logger: Logger;
}

/**
 * Queues the runs of every schedule that is due. One that cannot be taken does not delay the others.
 * @throws ScheduleNotTaken for the first of those, once all others are taken
 */
export async function fireDueSchedules({
  store,
  projectName,
  observer,
  logger,
}: FireDueOptions): Promise<void> {
  const setAside: ScheduleNotTaken[] = [];
  const takeNext = (): Promise<TakenDueTime | ScheduleNotTaken | null> =>
    takeDueSchedule(
      store,
      projectName,
      setAside.map(({ view }) => view),
    ).catch((error: unknown) => {
      if (error instanceof ScheduleNotTaken) return error;
      throw error;
    });
  for (;;) {
    const taken = await takeNext();
    if (taken === null) break;
    if (taken instanceof ScheduleNotTaken) {
      setAside.push(taken);
      continue;
    }
    observer.scheduleTaken(taken.view, taken.outcome);
    if (taken.outcome === 'left_out')
      logger.warn(taken, 'A scheduled run is left out: the previous one has not ended');
    else if (taken.outcome === 'skipped')
      logger.warn(taken, 'A scheduled run is skipped: no worker was running when it was due');
    else logger.info(taken, 'A scheduled run is queued');
  }
  if (setAside[0] !== undefined) throw setAside[0];
}
