import type { FeatureViewManifest } from '@larder/features';
import {
  appendHistory,
  ensureHistoryPartitions,
  limitSilence,
  recordChange,
  type HistoryProject,
  type HistoryRow,
  type OfflineStore,
  type StoreTransaction,
} from '@larder/offline-store';
import { lockChunk, recordLanding, type ChunkAttempt, type Landing } from '../runs/index.ts';

export interface LandRowsOptions extends Landing, ChunkAttempt {
  readonly project: HistoryProject;
  readonly view: FeatureViewManifest;
  readonly rows: readonly HistoryRow[];
  /** How long one statement may take: COPY of a large chunk takes longer than a lease. @default leaseMs */
  readonly statementMs?: number;
}

/**
 * Writes history, row failures, the chunk's state and the change for the feed in one transaction under the chunk's
 * lock. False when the attempt has been revoked: then nothing is written.
 */
export async function landRows(store: OfflineStore, options: LandRowsOptions): Promise<boolean> {
  await ensureHistoryPartitions(store, options.project, options.view, options.rows);
  return store.transaction(async (tx) => {
    await limitSilence(tx, options.leaseMs, options.statementMs);
    if (!(await lockChunk(tx, options))) return false;
    await appendHistory(tx, options.project, options.view, options.rows);
    await recordLanding(tx, options);
    await tellLanding(tx, options);
    return true;
  });
}

/** The chunk's rows as one change of the feed, told with the transaction; nothing when there are none. */
export async function tellLanding(
  tx: StoreTransaction,
  options: Pick<LandRowsOptions, 'project' | 'view' | 'rows' | 'runId' | 'chunkId'>,
): Promise<void> {
  const { project, view, rows, runId, chunkId } = options;
  const [row] = rows;
  if (row === undefined) return;
  let [first, last] = [row.eventTimestampMs, row.eventTimestampMs];
  for (const { eventTimestampMs } of rows) {
    if (eventTimestampMs < first) first = eventTimestampMs;
    else if (eventTimestampMs > last) last = eventTimestampMs;
  }
  await recordChange(tx, project.project, {
    kind: 'landed',
    view: view.name,
    version: view.version,
    runId,
    chunkId,
    revision: row.revision,
    rows: rows.length,
    firstEventTimestampMs: first,
    lastEventTimestampMs: last,
  });
}
