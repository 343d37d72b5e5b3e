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

export interface Unskipped {
  readonly rows: readonly PreparedRow[];
  readonly skipped: number;
}

/** Leaves out rows that stand in history for the same key, event timestamp and input. */
export async function skipUnchanged(rows: readonly PreparedRow[], options: SkipOptions): Promise<Unskipped> {
  const wanted = options.onlyMissing ? await ofMissingEntities(rows, options) : rows;
  const standing = await inputHashesAt(options.store, options.project, options.view, wanted);
  const changed = wanted.filter((row, at) => {
    const there = standing[at];
    if (!there) return true;
    if (there.revision === options.revision && there.createdTimestampMs === row.createdTimestampMs)
      return false;
    return options.force || there.inputHash !== row.inputHash;
  });
  return { rows: changed, skipped: rows.length - changed.length };
}

async function ofMissingEntities(
  rows: readonly PreparedRow[],
  { store, project, view, revision }: SkipOptions,
): Promise<readonly PreparedRow[]> {
  const keys = rows.map((row) => row.keys);
  const newest = await latestInputHashes(store, project, view, keys);
  return rows.filter((_, at) => {
    const known = newest[at];
    return !known || known.revision === revision;
  });
}
