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
 * Drops expired partitions and deletes runs that ended long ago, for the lifetime of the process. Any number of
 * processes may run it; none waits for another.
 */
export function startRetention(options: RetentionOptions): Pick<Loop, 'stop'> {
  const { store, project, retention, logger, intervalMs = 600_000 } = options;
  return startLoop({
    name: 'Deleting rows older than their retention',
    intervalMs,
    logger,
    async turn() {
      const partitions = await dropExpired(store, retention);
      if (partitions.length > 0) logger.info({ partitions }, 'Expired partitions were dropped');
      const forgotten = await forgetEndedRuns(store, project, retention);
      if (forgotten.runs > 0) logger.info(forgotten, 'Runs that ended long ago were deleted');
      return forgotten.runs + forgotten.failures > 0;
    },
  });
}
