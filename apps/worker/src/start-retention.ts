import { startLoop, type Logger, type Loop } from '@larder/core';
import { forgetEndedRuns, type RunRetention } from '@larder/materialization/runs';
import type { Manifest } from '@larder/features';
import {
  deleteExpiredLabels,
  dropExpired,
  dropExpiredHistory,
  evictValues,
  pruneWindows,
  type OfflineStore,
  type PartitionRetention,
} from '@larder/offline-store';
import { collectArtifacts } from '@larder/registry';

/** How long rows of growing tables are kept. */
export type Retention = PartitionRetention & RunRetention & { readonly labelsMs: number | 'forever' };

export interface RetentionOptions {
  readonly store: OfflineStore;
  readonly project: string;
  readonly retention: Retention;
  /** What is applied now, with the retention of each view. Null: nothing yet. */
  readonly applied: () => Manifest | null;
  /** Limit on the memory of values. */
  readonly valueMemoryBytes: number;
  /** Newest versions of each model that keep their artifacts. */
  readonly modelVersionsKept: number;
  /** Bucket of artifacts; null: they are in PostgreSQL. */
  readonly artifactsUrl: string | null;
  readonly logger: Logger;
  /** @default 600000 */
  readonly intervalMs?: number;
}

/**
 * Drops expired partitions, and deletes expired labels, remembered values over their limit, runs that ended long ago and artifacts that nothing refers to, for
 * the lifetime of the process. Any number of processes may run it; none waits for another.
 */
export function startRetention(options: RetentionOptions): Pick<Loop, 'stop'> {
  const {
    store,
    project,
    retention,
    modelVersionsKept,
    valueMemoryBytes,
    artifactsUrl,
    logger,
    intervalMs = 600_000,
  } = options;
  return startLoop({
    name: 'Deleting rows older than their retention',
    intervalMs,
    logger,
    async turn() {
      const partitions = await dropExpired(store, retention);
      if (partitions.length > 0) logger.info({ partitions }, 'Expired partitions were dropped');
      const applied = options.applied();
      if (applied !== null)
        for (const history of await dropExpiredHistory(store, applied, Object.values(applied.feature_views)))
          logger.info(history, 'Expired partitions of history were dropped');
      for (const source of Object.values(applied?.event_sources ?? {})) {
        const pruned = await pruneWindows(store, project, source);
        if (pruned.partitions.length + pruned.tiles > 0)
          logger.info(pruned, 'Expired events and tiles were deleted');
      }
      const labels = await deleteExpiredLabels(store, project, retention.labelsMs);
      if (labels > 0) logger.info({ labels }, 'Expired labels were deleted');
      const values = await evictValues(store, project, valueMemoryBytes);
      if (values > 0) logger.info({ values }, 'Values used longest ago were removed from the memory');
      const forgotten = await forgetEndedRuns(store, project, retention);
      if (forgotten.runs > 0) logger.info(forgotten, 'Runs that ended long ago were deleted');
      const collected = await collectArtifacts(store, {
        project,
        versionsKept: modelVersionsKept,
        url: artifactsUrl,
      });
      if (collected.versions + collected.artifacts + collected.objects > 0)
        logger.info(collected, 'Artifacts that nothing refers to were deleted');
      return labels + forgotten.runs + forgotten.failures > 0;
    },
  });
}
