import type { Logger } from '@larder/core';
import { heartbeatChunk, type ChunkAttempt, type ChunkProgress, type RunStore } from '../runs/index.ts';

export interface Heartbeat {
  /** Aborted when the attempt was taken away or its run cancelled. */
  readonly lost: AbortSignal;
  report(progress: ChunkProgress): void;
  /** Ends it with a last beat that holds the attempt for so long; false when it was taken away. */
  stopHolding(leaseMs: number): Promise<boolean>;
  /** Ends it; no beat is under way afterwards. */
  stop(): Promise<void>;
}

export interface HeartbeatOptions {
  readonly store: RunStore;
  readonly attempt: ChunkAttempt;
  readonly leaseMs: number;
  /** How soon progress shows. */
  readonly progressIntervalMs: number;
  readonly logger: Logger;
}

/** Extends the attempt's lease three times per lease, and sooner when there is progress to show. */
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
        lost.abort(new Error('The attempt was taken away.'));
    } catch (error) {
      // The lease may outlive a short outage; if it does not, landing finds the attempt fenced off.
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
