import { isLarderError, type ErrorCode } from '@larder/core';
import { inSpan } from '@larder/core/tracing';
import type { MaterializedView } from '../materializer/loaded-views.ts';
import type { MaterializerObserver } from '../materializer/materializer-observer.ts';
import type { MaterializerTimes } from '../materializer/materializer-times.ts';
import { chargeChunk } from '../pressure/charge-chunk.ts';
import type { ViewCosts } from '../pressure/record-view-costs.ts';
import type { SlotMeter } from '../pressure/slot-meter.ts';
import type { Lane } from '../queue/chunk-queue.ts';
import { endRuns } from '../runs/finish/end-runs.ts';
import { claimChunk, failChunk, giveBackChunk, type ChunkAttempt, type ClaimedChunk } from '../runs/index.ts';
import { startHeartbeat } from './heartbeat.ts';
import { materialize } from './materialize.ts';
import type { MaterializeDeps } from './materialize-chunk.ts';
import { reasonOf } from './reason-of.ts';
import { splitLostChunk } from './split-lost-chunk.ts';

export interface ProcessDeps extends MaterializeDeps {
  readonly projectName: string;
  /** Identifies this process in leases. */
  readonly processId: string;
  readonly times: MaterializeDeps['times'] & Pick<MaterializerTimes, 'progressIntervalMs'>;
  readonly observer: Pick<MaterializerObserver, 'chunkEnded' | 'rowsLanded'>;
  /** Measures the time of a lane's threads. */
  readonly meter: (lane: Lane) => SlotMeter;
  readonly costs: Pick<ViewCosts, 'add'>;
}

const GIVEN_BACK_DELAY_MS = 2_000;
/** The chunk itself is fine: it waits, and no attempt is counted. */
const PASSING: ReadonlySet<ErrorCode> = new Set([
  'DEFINITION_NOT_LOADED',
  'ONLINE_STORE_UNAVAILABLE',
  'ONLINE_STORE_FULL',
]);

export interface ProcessOptions {
  readonly lane: Lane;
  /** Aborted when the process must stop: the chunk is released, not failed. */
  readonly stopping: AbortSignal;
  /** Called when the chunk has left the queue, so that another one may be dispatched. */
  readonly onClaimed: () => void;
}

/**
 * Makes one attempt at a chunk, from the claim to the online store. Never throws: every outcome is stored in
 * PostgreSQL, and an attempt whose outcome could not be written is found by a watchdog when its lease expires.
 */
export async function processChunk(
  deps: ProcessDeps,
  attempt: ChunkAttempt,
  { lane, stopping, onClaimed }: ProcessOptions,
): Promise<void> {
  const { store, logger, times } = deps;
  try {
    const chunk = await claimChunk(store, attempt, { worker: deps.processId, leaseMs: times.leaseMs });
    if (!chunk) return;
    onClaimed();
    const view = deps.views.find(chunk);
    if (!view) {
      // During a rolling restart another process has this code.
      await giveBackChunk(store, chunk, GIVEN_BACK_DELAY_MS);
      deps.observer.chunkEnded(`${chunk.view}@${chunk.version}`, 'given_back');
      return;
    }
    const charged = chargeChunk(chunk, { ...deps, meter: deps.meter(lane) });
    try {
      await inSpan(
        'larder.chunk',
        { traceparent: chunk.traceparent, attributes: attributesOf(chunk, view.ref) },
        () => processClaimed({ ...deps, observer: charged.observer }, { chunk, view, lane, stopping }),
      );
    } finally {
      charged.end();
    }
    await endRuns(deps);
  } catch (error) {
    logger.warn({ err: error, ...attempt }, 'A chunk is left to the watchdog');
  }
}

function attributesOf({ runId, chunkId, attempt }: ClaimedChunk, ref: string) {
  return {
    'larder.view': ref,
    'larder.run_id': runId,
    'larder.chunk_id': chunkId,
    'larder.attempt': attempt,
  };
}

interface ClaimedWork {
  readonly lane: Lane;
  readonly chunk: ClaimedChunk;
  readonly view: MaterializedView;
  readonly stopping: AbortSignal;
}

async function processClaimed(
  deps: ProcessDeps,
  { chunk, view, lane, stopping }: ClaimedWork,
): Promise<void> {
  const { store, times, logger, observer } = deps;
  const heartbeat = startHeartbeat({
    store,
    attempt: chunk,
    leaseMs: times.leaseMs,
    progressIntervalMs: times.progressIntervalMs,
    logger,
  });
  let landed: Awaited<ReturnType<typeof materialize>>;
  try {
    const held = { chunk, view, lane, signal: AbortSignal.any([stopping, heartbeat.lost]) };
    if (await splitLostChunk(deps, held)) {
      await heartbeat.stop();
      return observer.chunkEnded(view.ref, 'retried');
    }
    landed = await materialize(deps, held, heartbeat);
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
  await landed.confirm();
  observer.chunkEnded(view.ref, 'done');
}
