import { isNewer } from '@larder/core';
import { latestHistoryRows, type HistoryProject, type OfflineStore } from '@larder/offline-store';
import type { UnchangedRow } from '../prepare/skip-unchanged.ts';
import { writeOnline, type WriteOnlineOptions } from './write-online.ts';

export interface RestoreOptions extends WriteOnlineOptions {
  readonly store: OfflineStore;
  readonly project: HistoryProject;
  readonly nowMs: number;
}

/**
 * Restores rows from history that are missing or older in the online store, without computing them; returns the number
 * of restored entities. One round trip to Redis when nothing is missing. Rows beyond the view's TTL are not restored:
 * reads would ignore them.
 */
export async function restoreOnline(
  unchanged: readonly UnchangedRow[],
  options: RestoreOptions,
): Promise<number> {
  const { onlineStore, view, entity, nowMs } = options;
  const oldestMs = view.ttl_ms === 'forever' ? -Infinity : nowMs - view.ttl_ms;
  const newest = new Map<string, UnchangedRow>();
  for (const row of unchanged) {
    const other = newest.get(row.entityKey);
    if (row.eventTimestampMs >= oldestMs && (!other || isNewer(row, other))) newest.set(row.entityKey, row);
  }
  if (newest.size === 0) return 0;
  const rows = [...newest.values()];
  const held = await onlineStore.headers({
    entity: entity.name,
    entityKeys: [...newest.keys()],
    view,
  });
  const missing = rows.filter((row, at) => {
    const header = held[at];
    return !header || isNewer(row, header);
  });
  if (missing.length === 0) return 0;
  const { store, project } = options;
  await writeOnline(
    await latestHistoryRows(
      store,
      project,
      view,
      missing.map((row) => row.keys),
    ),
    options,
  );
  return missing.length;
}
