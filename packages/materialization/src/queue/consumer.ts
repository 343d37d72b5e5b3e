import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@larder/core';
import { connectRedis } from '@larder/online-store';
import { Worker, type Job } from 'bullmq';
import { reportQueueErrors } from './report-queue-errors.ts';

/** Time for a consumer to close its connections after its last job; on a dead connection it never does. */
const CLOSE_GRACE_MS = 3_000;

export interface ConsumerOptions<Data> {
  readonly queue: string;
  readonly prefix: string;
  readonly redisUrl: string;
  /** Number of jobs that run at once. */
  readonly concurrency: number;
  readonly logger: Logger;
  readonly process: (job: Job<Data>, token: string | undefined) => Promise<void>;
  readonly onFailed?: (job: Job<Data> | undefined, error: Error) => void;
}

/** A BullMQ worker that can be replaced by a new one while its jobs continue. */
export interface Consumer {
  freeSlots(): number;
  /** When a job last started or ended, by `performance.now()`. */
  idleSinceMs(): number;
  holds(jobId: string): boolean;
  /** Opens new connections and consumes through them; jobs of the old ones continue and still count. */
  replace(): void;
  /** Takes no more jobs; resolves when the running ones have ended. */
  drain(): Promise<void>;
  close(): Promise<void>;
}

export function createConsumer<Data>(options: ConsumerOptions<Data>): Consumer {
  const { concurrency, logger } = options;
  const warn = reportQueueErrors(logger, options.queue);
  /** Counts work, not jobs: a job whose lock expired is delivered again while its work continues. */
  const inHand = new Map<Promise<void>, string>();
  let movedAtMs = performance.now();
  let ofOlderOnes = 0;
  let current = open();

  function open() {
    const connection = connectRedis(options.redisUrl, { role: 'queue', logger });
    const worker = new Worker<Data>(options.queue, take, {
      connection,
      prefix: options.prefix,
      concurrency: Math.max(1, concurrency - ofOlderOnes),
      lockDuration: 5_000,
      stalledInterval: 2_000,
      // A stalled job is delivered again and finds its attempt claimed; PostgreSQL counts the attempts.
      maxStalledCount: 1_000,
      removeOnComplete: { count: 0 },
      removeOnFail: { count: 0 },
    });
    worker.on('error', warn);
    worker.on('failed', (job, error) => options.onFailed?.(job, error));
    return { worker, connection };

    async function take(job: Job<Data>, token: string | undefined): Promise<void> {
      const work = options.process(job, token);
      inHand.set(work, String(job.id));
      movedAtMs = performance.now();
      try {
        await work;
      } finally {
        inHand.delete(work);
        movedAtMs = performance.now();
        if (worker !== current.worker) {
          ofOlderOnes--;
          current.worker.concurrency = Math.max(1, concurrency - ofOlderOnes);
        }
      }
    }
  }

  async function drain(): Promise<void> {
    const { worker } = current;
    await Promise.race([
      worker.close(),
      settled().then(() => sleep(CLOSE_GRACE_MS, undefined, { ref: false })),
    ]);
    await settled();
  }

  async function settled(): Promise<void> {
    await Promise.allSettled(inHand.keys());
  }

  return {
    freeSlots: () => concurrency - inHand.size,
    idleSinceMs: () => movedAtMs,
    holds: (jobId) => [...inHand.values()].includes(jobId),
    replace() {
      const { worker, connection } = current;
      ofOlderOnes = inHand.size;
      movedAtMs = performance.now();
      current = open();
      // Forced: its connections may never answer. Running jobs finish; their second delivery has no effect.
      worker.close(true).catch(warn);
      connection.disconnect();
    },
    drain,
    async close() {
      await drain();
      current.connection.disconnect();
    },
  };
}
