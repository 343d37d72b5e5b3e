import { viewRef, type FeatureViewManifest } from '@larder/features';
import { historyPlace, type HistoryProject } from '../history/history-table.ts';
import type { OfflineStore } from '../offline-store.ts';
import { expiredPartitions } from '../partitions/drop-partition.ts';
import { dropWithOnlineTimes } from './online-times.ts';

export interface DroppedHistory {
  /** `ad_stats@1` */
  readonly ref: string;
  readonly partitions: readonly string[];
}

/** Names of the partitions whose rows are all older than the retention of the view; oldest first. */
export async function expiredHistory(
  store: Pick<OfflineStore, 'db'>,
  project: HistoryProject,
  view: FeatureViewManifest,
): Promise<string[]> {
  return view.retention_ms === undefined
    ? []
    : expiredPartitions(store, historyPlace(project, view), view.retention_ms);
}

/**
 * Drops the partitions of history whose rows are all older than the retention of their view, one per transaction; one that
 * is in use is left for the next turn. Times at which chunks of dropped rows were online go with them.
 */
export async function dropExpiredHistory(
  store: OfflineStore,
  project: HistoryProject,
  views: readonly FeatureViewManifest[],
): Promise<DroppedHistory[]> {
  const dropped: DroppedHistory[] = [];
  for (const view of views) {
    if (view.retention_ms === undefined) continue;
    const partitions = await dropWithOnlineTimes(store, historyPlace(project, view), view.retention_ms);
    if (partitions.length > 0) dropped.push({ ref: viewRef(view), partitions });
  }
  return dropped;
}
