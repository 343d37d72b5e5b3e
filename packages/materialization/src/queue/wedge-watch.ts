import type { Logger } from '@larder/core';
import { listDispatched, type ChunkAttempt, type RunStore } from '../runs/index.ts';
import type { ChunkQueue } from './chunk-queue.ts';

const LIMIT = 20;
const FATAL_COUNT = 3;
const FATAL_WITHIN_MS = 600_000;

export interface WedgeWatchOptions {
  readonly store: RunStore;
  readonly project: string;
  readonly queue: Pick<ChunkQueue, 'waits' | 'consumer'>;
  readonly wedgedAfterMs: number;
  readonly logger: Logger;
  /** Called for every stuck consumer. */
  readonly onWedge: () => void;
  /** Called at the third one within ten minutes: new connections do not help, a new process may. */
  readonly onFatal: () => void;
}

/**
 * Checks once whether the queue's consumer is stuck: BullMQ workers are known to stop taking jobs without an error,
 * while they report that they are running (taskforcesh/bullmq #4378, #4479, #4585, #4138, #3088). PostgreSQL knows what
 * was dispatched and not claimed. A consumer that had free slots all the time and took nothing is replaced by one with
 * new connections.
 *
 * All times are of this process: a machine that slept or a Redis that was down looks the same as a stuck consumer, so a
 * suspicion is confirmed by a second check, and Redis must answer promptly both times.
 */
export function createWedgeWatch(options: WedgeWatchOptions): () => Promise<void> {
  const { queue, wedgedAfterMs, logger } = options;
  const { consumer } = queue;
  const confirmMs = wedgedAfterMs / 5;
  const seenAtMs = new Map<string, number>();
  let suspicion: { readonly name: string; readonly sinceMs: number } | null = null;
  let wedgedAtMs: number[] = [];

  return async function look() {
    const nowMs = performance.now();
    const suspected = suspicion;
    suspicion = null;
    const stuck = await stuckSince(nowMs - wedgedAfterMs);
    if (stuck === null || nowMs - consumer.idleSinceMs() < wedgedAfterMs) return;
    const tookMs = performance.now() - nowMs;
    if (tookMs > confirmMs) return;
    const name = nameOf(stuck);
    suspicion = suspected?.name === name ? suspected : { name, sinceMs: nowMs };
    if (nowMs - suspicion.sinceMs < confirmMs) return;
    suspicion = null;
    wedged(stuck);
  };

  /** An attempt that was dispatched before that time and still waits; null also when no slot is free for it. */
  async function stuckSince(sinceMs: number): Promise<ChunkAttempt | null> {
    if (consumer.freeSlots() <= 0) {
      seenAtMs.clear();
      return null;
    }
    const dispatched = await listDispatched(options.store, { project: options.project, limit: LIMIT });
    const names = new Set(dispatched.map(nameOf));
    for (const name of seenAtMs.keys()) if (!names.has(name)) seenAtMs.delete(name);
    for (const name of names) if (!seenAtMs.has(name)) seenAtMs.set(name, performance.now());
    for (const attempt of dispatched)
      if ((seenAtMs.get(nameOf(attempt)) ?? Infinity) <= sinceMs && (await queue.waits(attempt)))
        return attempt;
    return null;
  }

  function wedged(attempt: ChunkAttempt): void {
    const nowMs = performance.now();
    wedgedAtMs = [...wedgedAtMs.filter((atMs) => nowMs - atMs < FATAL_WITHIN_MS), nowMs];
    options.onWedge();
    seenAtMs.clear();
    if (wedgedAtMs.length >= FATAL_COUNT) {
      wedgedAtMs = [];
      logger.error(
        { ...attempt, times: FATAL_COUNT },
        'The consumer of the queue is stuck again, although slots are free; this process ends so that a fresh one starts',
      );
      options.onFatal();
      return;
    }
    logger.warn(
      { ...attempt },
      'Chunks wait in the queue although slots are free; its consumer is replaced by one with new connections',
    );
    consumer.replace();
  }
}

function nameOf({ chunkId, attempt }: ChunkAttempt): string {
  return `${chunkId}-${attempt}`;
}
