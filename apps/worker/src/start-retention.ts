import { startLoop, type Logger, type Loop } from '@larder/core';
import { forgetEndedRuns, type RunRetention } from '@larder/materialization/runs';
import { dropExpired, type OfflineStore, type PartitionRetention } from '@larder/offline-store';

/** How long rows of growing tables are kept. */
export type Retention = PartitionRetention & RunRetention;

export interface RetentionOptions {
  readonly store: OfflineStore;
  readonly project: string;
  readonly retention: Retention;
  readonly logger: Logger;
  /** @default 600000 */
  readonly intervalMs?: number;
}

/**
 * Drops expired partitions and forgets runs that ended long ago, as long as the process lives. Any number of processes
 * may; none waits for another.
 */
export function startRetention(options: RetentionOptions): Pick<Loop, 'stop'> {
  const { store, project, retention, logger, intervalMs = 600_000 } = options;
  return startLoop({
    name: 'Forgetting what is older than its retention',
    intervalMs,
    logger,
    async turn() {
      const partitions = await dropExpired(store, retention);
      if (partitions.length > 0) logger.info({ partitions }, 'Expired partitions were dropped');
      const forgotten = await forgetEndedRuns(store, project, retention);
      if (forgotten.runs > 0) logger.info(forgotten, 'Runs that ended long ago were forgotten');
      return forgotten.runs + forgotten.failures > 0;
    },
  });
}
