import type { FeatureViewManifest } from '@larder/features';
import {
  appendHistory,
  ensureHistoryPartitions,
  type HistoryProject,
  type HistoryRow,
  type OfflineStore,
  type StoreTransaction,
} from '@larder/offline-store';
import { limitSilence } from '@larder/offline-store';
import { lockChunk, recordLanding, type ChunkAttempt, type Landing } from '../runs/index.ts';

export interface LandRowsOptions extends Landing, ChunkAttempt {
  readonly project: HistoryProject;
  readonly view: FeatureViewManifest;
  readonly rows: readonly HistoryRow[];
  /** How long one statement may take: COPY of a large chunk takes longer than a lease. @default leaseMs */
  readonly statementMs?: number;
}

/**
 * History, row failures and the chunk's state, in one transaction under the chunk's lock. False when the attempt was
 * taken away meanwhile: then nothing is written.
 */
export async function landRows(store: OfflineStore, options: LandRowsOptions): Promise<boolean> {
  await ensureHistoryPartitions(store, options.project, options.view, options.rows);
  return store.transaction((tx) => landRowsIn(tx, options));
}

/** `landRows` as the last part of the caller's transaction, before which the rows got their partitions. */
export async function landRowsIn(tx: StoreTransaction, options: LandRowsOptions): Promise<boolean> {
  await limitSilence(tx, options.leaseMs, options.statementMs);
  if (!(await lockChunk(tx, options))) return false;
  await appendHistory(tx, options.project, options.view, options.rows);
  await recordLanding(tx, options);
  return true;
}
