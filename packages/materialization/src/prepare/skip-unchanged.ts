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
  /** Computes unchanged rows too; what this same run landed already is skipped all the same. */
  readonly force: boolean;
  /** Takes only entities of which history has nothing but what this same run landed. */
  readonly onlyMissing: boolean;
}

/** A row that need not be computed, and the row of history that stands for it. */
export interface UnchangedRow extends RowOrder, Pick<PreparedRow, 'keys' | 'entityKey'> {}

export interface Unskipped {
  readonly rows: readonly PreparedRow[];
  readonly unchanged: readonly UnchangedRow[];
}

/** Leaves out rows that stand in history for the same key, event timestamp and input. */
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
    if (!known || known.revision === revision) return true;
    const { inputHash: _, ...order } = known;
    unchanged.push({ keys, entityKey, ...order });
    return false;
  });
}
