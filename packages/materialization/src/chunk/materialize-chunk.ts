import type { HistoryRow, OfflineStore } from '@larder/offline-store';
import type { OnlineStore } from '@larder/online-store';
import type { Clock, Logger } from '@larder/core';
import { inSpan } from '@larder/core/tracing';
import type { ComputePool } from '../compute/compute-pool.ts';
import { computeRows } from '../compute/compute-rows.ts';
import { memoryOfChunk } from '../compute/value-memory/batch-memory.ts';
import { landRows } from '../landing/land-rows.ts';
import type { LoadedViews, MaterializedView } from '../materializer/loaded-views.ts';
import type { MaterializerObserver } from '../materializer/materializer-observer.ts';
import type { MaterializerTimes } from '../materializer/materializer-times.ts';
import { restoreOnline } from '../online/restore-online.ts';
import type { PredictionModels } from '../predictions/prediction-models.ts';
import { goneRows } from '../prepare/gone-rows.ts';
import { prepareChunk } from '../prepare/prepare-chunk.ts';
import type { Lane } from '../queue/chunk-queue.ts';
import type { ClaimedChunk } from '../runs/index.ts';
import type { Heartbeat } from './heartbeat.ts';
import { readChunkRows } from './read-chunk-rows.ts';

export interface MaterializeDeps {
  readonly store: OfflineStore;
  readonly onlineStore: OnlineStore;
  readonly views: LoadedViews;
  /** Starts the pool of a lane on its first chunk that computes. */
  readonly pool: (lane: Lane) => ComputePool;
  readonly batchRows: number;
  readonly models: PredictionModels;
  /** True: values are remembered, and recalled. */
  readonly remembersValues: boolean;
  readonly times: Pick<MaterializerTimes, 'leaseMs' | 'landingRowMs' | 'backoffMs'>;
  readonly observer: Pick<MaterializerObserver, 'rowsLanded'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface HeldChunk {
  readonly lane: Lane;
  readonly chunk: ClaimedChunk;
  readonly view: MaterializedView;
  /** Aborted when the process must stop, or the attempt is revoked. */
  readonly signal: AbortSignal;
}

/**
 * Moves a claimed chunk from its source into history: scan, prepare, compute, land. Returns the landed rows for the
 * online store; null when the attempt was revoked before it could land.
 */
export async function materializeChunk(
  deps: MaterializeDeps,
  { chunk, view, signal, lane }: HeldChunk,
  heartbeat: Heartbeat,
): Promise<readonly HistoryRow[] | null> {
  const { store, times, clock } = deps;
  const { project } = deps.views;
  const sourceRows = await readChunkRows(deps, { chunk, view, signal });
  const prepared = await prepareChunk(sourceRows, { ...deps, chunk, view });
  const place = { store, project, view: view.manifest, entity: view.entity };
  const gone = await goneRows(prepared.goneKeys, { ...place, chunk });
  const skipped =
    prepared.unchanged.length + prepared.expired + prepared.erased + prepared.goneKeys.length - gone.length;
  heartbeat.report({ done: 0, failed: prepared.failed, skipped });
  if (prepared.erased > 0)
    deps.logger.info(
      { runId: chunk.runId, view: view.ref, rows: prepared.erased },
      'Rows of erased entities were skipped',
    );
  // Before anything is computed: no work is lost when Redis is down.
  const restored = await restoreOnline(prepared.unchanged, {
    ...place,
    onlineStore: deps.onlineStore,
    nowMs: clock.nowMs(),
  });
  if (restored > 0)
    deps.logger.debug(
      { runId: chunk.runId, view: view.ref, rows: restored },
      'Rows that the online store had lost were restored from history',
    );
  const memoryOf = deps.remembersValues
    ? await memoryOfChunk(store, { ...chunk, project: project.project, view })
    : null;
  const computed = await computeRows(prepared.rows, {
    view,
    pool: () => deps.pool(lane),
    batchRows: deps.batchRows,
    models: deps.models,
    memoryOf,
    chunkId: chunk.chunkId,
    attempt: chunk.attempt,
    retried: chunk.retryOf !== null,
    revision: chunk.revision,
    signal,
    onProgress: (done, failed) => heartbeat.report({ done, failed: failed + prepared.failed, skipped }),
  });
  signal.throwIfAborted();
  const failures = [...prepared.failures, ...computed.failures];
  const rows = [...computed.rows, ...gone];
  const counts = {
    done: rows.length,
    failed: prepared.failed + computed.failures.length,
    skipped,
  };
  // No heartbeat while it lands: it would wait for the chunk's own lock.
  const landingMs = times.leaseMs + (counts.done + failures.length) * times.landingRowMs;
  if (!(await heartbeat.stopHolding(landingMs))) return null;
  const landing = { 'larder.view': view.ref, 'larder.rows': counts.done, 'larder.failed': counts.failed };
  const landed = await inSpan('larder.landing', { attributes: landing }, () =>
    landRows(store, {
      runId: chunk.runId,
      chunkId: chunk.chunkId,
      attempt: chunk.attempt,
      project,
      view: view.manifest,
      rows,
      seenKeys: chunk.recordsKeys ? { keys: prepared.seenKeys, revision: chunk.revision } : null,
      failures,
      counts: { ...counts, duplicate: prepared.duplicates },
      leaseMs: times.leaseMs,
      statementMs: landingMs,
      backoffMs: times.backoffMs,
    }),
  );
  if (landed === null) return null;
  deps.observer.rowsLanded(view.ref, { ...counts, restored });
  return landed;
}
