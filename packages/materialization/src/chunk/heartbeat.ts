import type { Logger } from '@larder/core';
import { heartbeatChunk, type ChunkAttempt, type ChunkProgress, type RunStore } from '../runs/index.ts';

export interface Heartbeat {
  /** Aborted when the attempt is revoked or its run is cancelled. */
  readonly lost: AbortSignal;
  report(progress: ChunkProgress): void;
  /** Stops with a last heartbeat that keeps the attempt for this long; false when it was revoked. */
  stopHolding(leaseMs: number): Promise<boolean>;
  /** Stops; no heartbeat is in progress afterwards. */
  stop(): Promise<void>;
}

export interface HeartbeatOptions {
  readonly store: RunStore;
  readonly attempt: ChunkAttempt;
  readonly leaseMs: number;
  /** Interval at which progress is written. */
  readonly progressIntervalMs: number;
  readonly logger: Logger;
}

/** Extends the attempt's lease three times per lease, and more often when there is progress to write. */
export function startHeartbeat(options: HeartbeatOptions): Heartbeat {
  const lost = new AbortController();
  let progress: ChunkProgress = { done: 0, failed: 0, skipped: 0 };
  let changed = false;
  let beatAtMs = performance.now();
  let beating: Promise<void> = Promise.resolve();
  let idle = true;

  const beat = async (): Promise<void> => {
    changed = false;
    beatAtMs = performance.now();
    try {
      if (!(await heartbeatChunk(options.store, options.attempt, { leaseMs: options.leaseMs, progress })))
        lost.abort(new Error('The attempt was revoked.'));
    } catch (error) {
      // The lease may outlast a short outage; if not, landing finds that the attempt is fenced off.
      options.logger.warn({ err: error, ...options.attempt }, 'A heartbeat could not be written');
    }
  };
  const timer = setInterval(
    () => {
      const due = changed || performance.now() - beatAtMs >= options.leaseMs / 3;
      if (!due || !idle || lost.signal.aborted) return;
      idle = false;
      beating = beat().finally(() => (idle = true));
    },
    Math.min(options.progressIntervalMs, options.leaseMs / 3),
  );
  const stop = async (): Promise<void> => {
    clearInterval(timer);
    await beating;
  };
  return {
    lost: lost.signal,
    report(next) {
      progress = next;
      changed = true;
    },
    async stopHolding(leaseMs) {
      await stop();
      return heartbeatChunk(options.store, options.attempt, { leaseMs, progress });
    },
    stop,
  };
}
