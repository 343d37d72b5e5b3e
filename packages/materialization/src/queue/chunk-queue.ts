import type { Logger } from '@larder/core';
import type { ChunkAttempt } from '@larder/offline-store/runs';
import { connectRedis } from '@larder/online-store';
import { DelayedError, Queue, Worker } from 'bullmq';
import { queuePrefix } from './queue-prefix.ts';
import { reportQueueErrors } from './report-queue-errors.ts';

export interface ChunkQueueOptions {
  readonly project: string;
  readonly redisUrl: string;
  /** Jobs processed at once by this process. */
  readonly concurrency: number;
  readonly logger: Logger;
  /** Must not throw: PostgreSQL keeps what became of the attempt, the queue only delivers it. */
  readonly process: (attempt: ChunkAttempt) => Promise<void>;
}

/** Delivers attempts to whichever process has a free slot. What is lost here is dispatched anew by the watchdog. */
export interface ChunkQueue {
  add(attempts: readonly ChunkAttempt[]): Promise<void>;
  /** Whether the queue still has the job, waiting or being processed. */
  has(attempt: ChunkAttempt): Promise<boolean>;
  /** Takes no more jobs; resolves when those under way have ended. */
  drain(): Promise<void>;
  close(): Promise<void>;
}

interface JobData extends ChunkAttempt {
  readonly v: typeof PAYLOAD_VERSION;
}

/** Raised when an older process could not understand the payload any more. */
const PAYLOAD_VERSION = 1;
/** How long a payload of another version waits before a process is offered it again. */
const LEFT_FOR_MS = 1_000;

const QUEUE = 'chunks';

export function createChunkQueue(options: ChunkQueueOptions): ChunkQueue {
  const { logger } = options;
  const prefix = queuePrefix(options.project);
  // The producer gives up after a while, so that a dispatcher sees that Redis is away; a worker waits for ever.
  const producing = connectRedis(options.redisUrl, { role: 'worker', logger });
  const consuming = connectRedis(options.redisUrl, { role: 'queue', logger });
  const queue = new Queue<JobData>(QUEUE, {
    connection: producing,
    prefix,
    streams: { events: { maxLen: 100 } },
  });
  const worker = new Worker<JobData>(
    QUEUE,
    async (job, token) => {
      if (job.data.v === PAYLOAD_VERSION) return options.process(job.data);
      // During an upgrade: a newer process has queued it and will be offered it.
      await job.moveToDelayed(Date.now() + LEFT_FOR_MS, token);
      throw new DelayedError();
    },
    {
      connection: consuming,
      prefix,
      concurrency: options.concurrency,
      lockDuration: 5_000,
      stalledInterval: 2_000,
      // A stalled job is delivered again and finds its attempt claimed; PostgreSQL counts the attempts.
      maxStalledCount: 1_000,
      removeOnComplete: { count: 0 },
      removeOnFail: { count: 0 },
    },
  );
  const warn = reportQueueErrors(logger, QUEUE);
  queue.on('error', warn);
  worker.on('error', warn);
  return {
    async add(attempts) {
      await queue.addBulk(
        attempts.map((attempt) => ({
          name: 'chunk',
          data: { v: PAYLOAD_VERSION, chunkId: attempt.chunkId, attempt: attempt.attempt },
          opts: { jobId: jobId(attempt), attempts: 1, removeOnComplete: true, removeOnFail: true },
        })),
      );
    },
    async has(attempt) {
      return (await queue.getJob(jobId(attempt))) !== undefined;
    },
    drain: () => worker.close(),
    async close() {
      await worker.close();
      await queue.close();
      producing.disconnect();
      consuming.disconnect();
    },
  };
}

function jobId({ chunkId, attempt }: ChunkAttempt): string {
  return `c${chunkId}-${attempt}`;
}
