import { isNewer } from '@larder/core';
import type { FeatureViewManifest } from '@larder/features';
import { newestGoneRows, type HistoryProject, type OfflineStore } from '@larder/offline-store';
import type { PreparedRow } from './prepare-rows.ts';

export interface RestateOptions {
  readonly store: OfflineStore;
  readonly project: HistoryProject;
  readonly view: FeatureViewManifest;
  readonly revision: number;
  readonly nowMs: number;
}

/**
 * A key that was gone and is back usually has the event timestamp it had before, and the newest row wins: the key would
 * stay gone. Its newest row here becomes a correction of the row that says so: the same event, or the later one, and
 * created now. That order is the same in every later run, so an unchanged row is skipped as ever.
 */
export async function restateReappeared(
  rows: readonly PreparedRow[],
  { store, project, view, revision, nowMs }: RestateOptions,
): Promise<readonly PreparedRow[]> {
  const newest = new Map<string, PreparedRow>();
  for (const row of rows) {
    const other = newest.get(row.entityKey);
    if (!other || isNewer({ ...row, revision }, { ...other, revision })) newest.set(row.entityKey, row);
  }
  const candidates = [...newest.values()];
  const gone = await newestGoneRows(store, project, view, candidates);
  const restated = new Map<PreparedRow, PreparedRow>();
  for (const [at, row] of candidates.entries()) {
    const since = gone[at];
    if (!since || isNewer({ ...row, revision }, since)) continue;
    restated.set(row, {
      ...row,
      eventTimestampMs: Math.max(row.eventTimestampMs, since.eventTimestampMs),
      createdTimestampMs: Math.max(row.createdTimestampMs, since.createdTimestampMs, nowMs),
    });
  }
  return restated.size === 0 ? rows : rows.map((row) => restated.get(row) ?? row);
}
