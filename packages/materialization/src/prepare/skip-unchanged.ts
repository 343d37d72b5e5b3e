import type { RowOrder } from '@larder/core';
import type { FeatureViewManifest } from '@larder/features';
import {
  inputHashesAt,
  latestInputHashes,
  type HistoryProject,
  type OfflineStore,
} from '@larder/offline-store';
import type { PreparedRow } from './prepare-rows.ts';

export interface SkipOptions {
  readonly store: OfflineStore;
  readonly project: HistoryProject;
  readonly view: FeatureViewManifest;
  readonly revision: number;
  /** Also computes unchanged rows; rows that this run has already landed are still skipped. */
  readonly force: boolean;
  /** Takes only entities that have no history except from this run, or were gone from the source. */
  readonly onlyMissing: boolean;
}

/** A row that need not be computed, with its row of history. */
export interface UnchangedRow extends RowOrder, Pick<PreparedRow, 'keys' | 'entityKey'> {}

export interface Unskipped {
  readonly rows: readonly PreparedRow[];
  readonly unchanged: readonly UnchangedRow[];
}

/** Skips rows that are already in history for the same key, event timestamp and input. */
export async function skipUnchanged(rows: readonly PreparedRow[], options: SkipOptions): Promise<Unskipped> {
  const unchanged: UnchangedRow[] = [];
  const wanted = options.onlyMissing ? await ofMissingEntities(rows, unchanged, options) : rows;
  const standing = await inputHashesAt(options.store, options.project, options.view, wanted);
  const changed = wanted.filter((row, at) => {
    const there = standing[at];
    if (!there) return true;
    const { createdTimestampMs, revision } = there;
    const landedByThisRun = revision === options.revision && createdTimestampMs === row.createdTimestampMs;
    if (!landedByThisRun && (options.force || there.inputHash !== row.inputHash)) return true;
    const { keys, entityKey, eventTimestampMs } = row;
    unchanged.push({ keys, entityKey, eventTimestampMs, createdTimestampMs, revision });
    return false;
  });
  return { rows: changed, unchanged };
}

async function ofMissingEntities(
  rows: readonly PreparedRow[],
  unchanged: UnchangedRow[],
  { store, project, view, revision }: SkipOptions,
): Promise<readonly PreparedRow[]> {
  const newest = await latestInputHashes(
    store,
    project,
    view,
    rows.map((row) => row.keys),
  );
  return rows.filter(({ keys, entityKey }, at) => {
    const known = newest[at];
    if (!known || known.isGone || known.revision === revision) return true;
    const { inputHash: _, isGone: __, ...order } = known;
    unchanged.push({ keys, entityKey, ...order });
    return false;
  });
}
