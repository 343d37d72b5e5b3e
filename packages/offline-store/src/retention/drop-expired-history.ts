import { viewRef, type FeatureViewManifest } from '@larder/features';
import { sql } from 'kysely';
import { historyPlace, type HistoryPlace, type HistoryProject } from '../history/history-table.ts';
import type { OfflineStore } from '../offline-store.ts';
import { expiredPartitions } from '../partitions/drop-partition.ts';
import { dropOf } from './drop-expired.ts';

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
    const place = historyPlace(project, view);
    const chunkIds = await chunksOf(store, place, await expiredHistory(store, project, view));
    const partitions = await dropOf(store, place, view.retention_ms);
    if (partitions.length === 0) continue;
    dropped.push({ ref: viewRef(view), partitions });
    await forgetOnlineTimes(store, place, chunkIds);
  }
  return dropped;
}

/** Chunks of deleted runs with rows in these partitions. */
async function chunksOf(
  store: OfflineStore,
  { schema }: HistoryPlace,
  partitions: readonly string[],
): Promise<number[]> {
  const found: number[] = [];
  for (const name of partitions) {
    const { rows } = await sql<{ chunk_id: number }>`
      select chunk_id from larder.kept_online_times
      where chunk_id in (select chunk_id from ${sql.table(`${schema}.${name}`)})`.execute(store.db);
    for (const row of rows) found.push(row.chunk_id);
  }
  return found;
}

async function forgetOnlineTimes(
  store: OfflineStore,
  { schema, name }: HistoryPlace,
  chunkIds: readonly number[],
): Promise<void> {
  if (chunkIds.length === 0) return;
  await sql`
    delete from larder.kept_online_times where chunk_id = any (${chunkIds}::bigint[]) and chunk_id not in (
      select chunk_id from ${sql.table(`${schema}.${name}`)} where chunk_id = any (${chunkIds}::bigint[]))`.execute(
    store.db,
  );
}
