import type { Clock } from '@larder/core';
import type { SourceRow } from '@larder/features';
import type { OfflineStore } from '@larder/offline-store';
import { accessColumns, type KeyTexts, type SourceBounds } from '@larder/sources';
import type { LoadedViews, MaterializedView } from '../materializer/loaded-views.ts';
import type { ClaimedChunk, LandedFailure } from '../runs/index.ts';
import { erasedKeys } from './erased-keys.ts';
import { missingKeys, missingRows, seenKeys } from './missing-rows.ts';
import { pickRetriedRows } from './pick-retried-rows.ts';
import { prepareRows, type PreparedRow } from './prepare-rows.ts';
import { restateReappeared } from './restate-reappeared.ts';
import { skipUnchanged, type UnchangedRow } from './skip-unchanged.ts';
import { unlistedRows } from './unlisted-rows.ts';

export interface PrepareChunkOptions {
  readonly store: OfflineStore;
  readonly views: Pick<LoadedViews, 'project' | 'eventTimes'>;
  readonly clock: Clock;
  readonly chunk: ClaimedChunk;
  readonly view: MaterializedView;
}

/** A chunk's rows, grouped by what to do with them. */
export interface PreparedChunk {
  /** Rows to compute. */
  readonly rows: readonly PreparedRow[];
  /** Rows that are already in history unchanged. */
  readonly unchanged: readonly UnchangedRow[];
  readonly failures: readonly LandedFailure[];
  /** Number of failed rows; greater than `failures.length` if some are not listed. */
  readonly failed: number;
  readonly duplicates: number;
  /** Number of rows older than the retention of the view: history would not keep them. */
  readonly expired: number;
  /** Number of other rows whose entities were erased: they would not land. */
  readonly erased: number;
  /** Keys that the source returned, in any row. */
  readonly seenKeys: readonly KeyTexts[];
  /** Keys of a chunk that ends keys, which the source still lacks. */
  readonly goneKeys: readonly KeyTexts[];
}

/** Decides for each row that the source returned, or should have returned, whether it is computed, skipped or refused. */
export async function prepareChunk(
  sourceRows: readonly SourceRow[],
  { store, views, clock, chunk, view }: PrepareChunkOptions,
): Promise<PreparedChunk> {
  const bounds = chunk.bounds as SourceBounds;
  const scanned = prepareRows(sourceRows, {
    view: view.manifest,
    entity: view.entity,
    accessColumns: accessColumns(view.manifest),
    times: views.eventTimes(),
    clock,
  });
  const wanted = chunk.retryOf === null ? scanned : await pickRetriedRows(store, chunk.chunkId, scanned);
  const place = { store, project: views.project, view: view.manifest, revision: chunk.revision };
  const nowMs = clock.nowMs();
  const { retention_ms: retentionMs } = view.manifest;
  const recent =
    retentionMs === undefined
      ? wanted.rows
      : wanted.rows.filter((row) => row.eventTimestampMs >= nowMs - retentionMs);
  const erased = await erasedKeys(store, recent, {
    project: views.project.project,
    entity: view.entity.name,
  });
  const kept = erased.size === 0 ? recent : recent.filter(({ entityKey }) => !erased.has(entityKey));
  const current = chunk.mayReappear ? await restateReappeared(kept, { ...place, nowMs }) : kept;
  const { rows, unchanged } = await skipUnchanged(current, {
    ...place,
    force: chunk.force,
    onlyMissing: chunk.onlyMissing,
  });
  const missing = missingKeys(bounds, scanned);
  const endsKeys = bounds.kind === 'keys' && bounds.goneSince !== undefined;
  const failures = [...wanted.failures, ...(endsKeys ? [] : missingRows(missing, view.entity))];
  const unlisted = unlistedRows(bounds, sourceRows.length);
  return {
    rows,
    unchanged,
    failures: [...failures, ...unlisted.failures],
    failed: failures.length + unlisted.count,
    duplicates: wanted.duplicates,
    expired: wanted.rows.length - recent.length,
    erased: recent.length - kept.length,
    seenKeys: chunk.recordsKeys ? seenKeys(scanned) : [],
    goneKeys: endsKeys ? missing : [],
  };
}
