import { isLarderError, type ErrorCode } from '@larder/core';
import type { HistoryRow } from '@larder/offline-store';
import {
  claimChunk,
  completeChunk,
  failChunk,
  giveBackChunk,
  type ChunkAttempt,
  type ClaimedChunk,
  type LandedFailure,
} from '../runs/index.ts';
import type { SourceBounds } from '@larder/sources';
import { landRows } from '../landing/land-rows.ts';
import { missingRows } from '../prepare/missing-rows.ts';
import { pickRetriedRows } from '../prepare/pick-retried-rows.ts';
import { prepareRows } from '../prepare/prepare-rows.ts';
import { restoreOnline } from '../online/restore-online.ts';
import { skipUnchanged } from '../prepare/skip-unchanged.ts';
import { unlistedRows } from '../prepare/unlisted-rows.ts';
import { writeOnline } from '../online/write-online.ts';
import { computeRows } from '../compute/compute-rows.ts';
import { endRuns } from '../runs/finish/end-runs.ts';
import { startHeartbeat, type Heartbeat } from './heartbeat.ts';
import type { MaterializedView } from '../materializer/loaded-views.ts';
import type { MaterializerContext } from '../materializer/materializer-context.ts';
import { reasonOf } from './reason-of.ts';
import { splitLostChunk, type HeldChunk } from './split-lost-chunk.ts';

const GIVEN_BACK_DELAY_MS = 2_000;
/** Nothing is wrong with the chunk: it waits, and no attempt is counted. */
const PASSING: ReadonlySet<ErrorCode> = new Set([
  'DEFINITION_NOT_LOADED',
  'ONLINE_STORE_UNAVAILABLE',
  'ONLINE_STORE_FULL',
]);

export interface ProcessOptions {
  /** Aborted when the process must end: the chunk is given back, not failed. */
  readonly stopping: AbortSignal;
  /** The chunk has left the queue, and another one may take its place. */
  readonly onClaimed: () => void;
}

/**
 * One attempt at a chunk, from the claim to the online store. Never throws: every outcome stands in PostgreSQL, and
 * what could not even be written there is found by a watchdog when the lease runs out.
 */
export async function processChunk(
  context: MaterializerContext,
  attempt: ChunkAttempt,
  { stopping, onClaimed }: ProcessOptions,
): Promise<void> {
  const { store, logger, times } = context;
  try {
    const chunk = await claimChunk(store, attempt, { worker: context.processId, leaseMs: times.leaseMs });
    if (!chunk) return;
    onClaimed();
    const view = context.views.find(chunk);
    if (!view) {
      // During a rolling restart another process has this code.
      await giveBackChunk(store, chunk, GIVEN_BACK_DELAY_MS);
      context.observer.chunkEnded(`${chunk.view}@${chunk.version}`, 'given_back');
      return;
    }
    await processClaimed(context, { chunk, view, stopping });
    await endRuns(context);
  } catch (error) {
    logger.warn({ err: error, ...attempt }, 'A chunk is left to the watchdog');
  }
}

interface ClaimedWork {
  readonly chunk: ClaimedChunk;
  readonly view: MaterializedView;
  readonly stopping: AbortSignal;
}

async function processClaimed(context: MaterializerContext, work: ClaimedWork): Promise<void> {
  const { chunk, view, stopping } = work;
  const { store, times, logger, observer } = context;
  const heartbeat = startHeartbeat({
    store,
    attempt: chunk,
    leaseMs: times.leaseMs,
    progressIntervalMs: times.progressIntervalMs,
    logger,
  });
  let landed: readonly HistoryRow[] | null;
  try {
    const signal = AbortSignal.any([stopping, heartbeat.lost]);
    if (await splitLostChunk(context, { chunk, view, signal })) {
      await heartbeat.stop();
      return observer.chunkEnded(view.ref, 'retried');
    }
    landed = await computeAndLand(context, { chunk, view, signal }, heartbeat);
  } catch (error) {
    await heartbeat.stop();
    if (heartbeat.lost.aborted) return observer.chunkEnded(view.ref, 'lost');
    if (stopping.aborted || (isLarderError(error) && PASSING.has(error.code))) {
      await giveBackChunk(store, chunk, stopping.aborted ? 0 : GIVEN_BACK_DELAY_MS);
      return observer.chunkEnded(view.ref, 'given_back');
    }
    logger.warn(
      { err: error, chunkId: chunk.chunkId, attempt: chunk.attempt, runId: chunk.runId, view: view.ref },
      'A chunk failed',
    );
    const broken = await failChunk(store, chunk, { ...reasonOf(error), backoffMs: times.backoffMs });
    return observer.chunkEnded(view.ref, broken?.state === 'failed' ? 'failed' : 'retried');
  }
  await heartbeat.stop();
  if (landed === null) return observer.chunkEnded(view.ref, 'lost');
  await writeOnline(landed, { onlineStore: context.onlineStore, view: view.manifest, entity: view.entity });
  await completeChunk(store, chunk.chunkId);
  observer.chunkEnded(view.ref, 'done');
}

/** Null when the attempt was taken away before it could land. */
async function computeAndLand(
  context: MaterializerContext,
  { chunk, view, signal }: HeldChunk,
  heartbeat: Heartbeat,
): Promise<readonly HistoryRow[] | null> {
  const { store, times } = context;
  const project = context.views.project;
  const source = context.views.source(view);
  const bounds = chunk.bounds as SourceBounds;
  const { clock } = context;
  const sourceRows = await source.scan(bounds, signal);
  const unlisted = unlistedRows(bounds, sourceRows.length);
  const scanned = prepareRows(sourceRows, {
    view: view.manifest,
    entity: view.entity,
    times: context.views.eventTimes(),
    clock,
  });
  const prepared = chunk.retryOf === null ? scanned : await pickRetriedRows(store, chunk.chunkId, scanned);
  const unskipped = await skipUnchanged(prepared.rows, {
    store,
    project,
    view: view.manifest,
    revision: chunk.revision,
    force: chunk.force,
    onlyMissing: chunk.onlyMissing,
  });
  const refusals = [...prepared.failures, ...missingRows(bounds, scanned, view.entity)];
  const refused = refusals.length + unlisted.count;
  const skipped = unskipped.unchanged.length;
  heartbeat.report({ done: 0, failed: refused, skipped });
  // before anything is computed: a Redis that is away costs no work
  const restored = await restoreOnline(unskipped.unchanged, {
    store,
    project,
    onlineStore: context.onlineStore,
    view: view.manifest,
    entity: view.entity,
    nowMs: clock.nowMs(),
  });
  if (restored > 0)
    context.logger.debug(
      { runId: chunk.runId, view: view.ref, rows: restored },
      'Rows that the online store had lost were put back from history',
    );
  const computed = await computeRows(unskipped.rows, {
    view,
    pool: context.pool,
    batchRows: context.batchRows,
    chunkId: chunk.chunkId,
    attempt: chunk.attempt,
    retried: chunk.retryOf !== null,
    revision: chunk.revision,
    signal,
    onProgress: (done, failed) => heartbeat.report({ done, failed: failed + refused, skipped }),
  });
  signal.throwIfAborted();
  const failures: LandedFailure[] = [...refusals, ...unlisted.failures, ...computed.failures];
  const counts = { done: computed.rows.length, failed: refused + computed.failures.length, skipped };
  // No beat while it lands: it would wait for the chunk's own lock.
  const landingMs = times.leaseMs + (counts.done + failures.length) * times.landingRowMs;
  if (!(await heartbeat.stopHolding(landingMs))) return null;
  const landed = await landRows(store, {
    runId: chunk.runId,
    chunkId: chunk.chunkId,
    attempt: chunk.attempt,
    project,
    view: view.manifest,
    rows: computed.rows,
    failures,
    counts: { ...counts, duplicate: prepared.duplicates },
    leaseMs: times.leaseMs,
    statementMs: landingMs,
    backoffMs: times.backoffMs,
  });
  if (!landed) return null;
  context.observer.rowsLanded(view.ref, { ...counts, restored });
  return computed.rows;
}
