import { startLoop, type Logger, type Loop } from '@larder/core';
import type { OfflineStore } from '../offline-store.ts';
import { dropExpired, type Retention } from './drop-expired.ts';

export interface RetentionOptions {
  readonly store: OfflineStore;
  readonly retention: Retention;
  readonly logger: Logger;
  /** @default 600000 */
  readonly intervalMs?: number;
}

/** Drops expired partitions as long as the process lives; any number of processes may, one does at a time. */
export function startRetention(options: RetentionOptions): Pick<Loop, 'stop'> {
  const { store, retention, logger, intervalMs = 600_000 } = options;
  return startLoop({
    name: 'Dropping expired partitions',
    intervalMs,
    logger,
    async turn() {
      const dropped = await dropExpired(store, retention);
      if (dropped.length > 0) logger.info({ partitions: dropped }, 'Expired partitions were dropped');
    },
  });
}
