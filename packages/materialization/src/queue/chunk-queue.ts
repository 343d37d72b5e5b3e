import type { Logger } from '@larder/core';
import type { ChunkAttempt } from '../runs/index.ts';
import { connectRedis } from '@larder/online-store';
import { DelayedError, Queue } from 'bullmq';
import { createConsumer, type Consumer } from './consumer.ts';
import { queuePrefix } from './queue-prefix.ts';
import { reportQueueErrors } from './report-queue-errors.ts';

/** `urgent`: rows that were pushed to be computed, which wait for no backfill. */
export type Lane = 'ordinary' | 'urgent';

export interface ChunkQueueOptions {
  /** @default 'ordinary' */
  readonly lane?: Lane;
  readonly project: string;
  readonly redisUrl: string;
  /** Number of jobs that this process runs at once. */
  readonly concurrency: number;
  readonly logger: Logger;
  /** Must not throw: PostgreSQL stores the outcome of the attempt, the queue only delivers it. */
  readonly process: (attempt: ChunkAttempt) => Promise<void>;
}

/** Delivers attempts to any process with a free slot. The watchdog dispatches lost jobs again. */
export interface ChunkQueue {
  add(attempts: readonly ChunkAttempt[]): Promise<void>;
  /** Whether the queue still has the job, waiting or being processed. */
  has(attempt: ChunkAttempt): Promise<boolean>;
  /** True when a consumer with a free slot would take it at once. */
  waits(attempt: ChunkAttempt): Promise<boolean>;
  readonly consumer: Consumer;
  /** Takes no more jobs; resolves when the running ones have ended. */
  drain(): Promise<void>;
  close(): Promise<void>;
}

interface JobData extends ChunkAttempt {
  readonly v: typeof PAYLOAD_VERSION;
}

/** Increased when older processes cannot read the payload. */
const PAYLOAD_VERSION = 1;
/** Delay before a payload of another version is offered to a process again. */
const LEFT_FOR_MS = 1_000;

const QUEUES: Readonly<Record<Lane, string>> = { ordinary: 'chunks', urgent: 'urgent_chunks' };

/** Active without a lock: taken by a consumer that died before its job was claimed. A delayed one waits for a newer process. */
const WAITING: ReadonlySet<string> = new Set(['waiting', 'prioritized', 'active']);

export function createChunkQueue(options: ChunkQueueOptions): ChunkQueue {
  const { logger } = options;
  const name = QUEUES[options.lane ?? 'ordinary'];
  const prefix = queuePrefix(options.project);
  // The producer gives up after a while, so that a dispatcher notices that Redis is down; a consumer waits forever.
  const producing = connectRedis(options.redisUrl, { role: 'worker', logger });
  const queue = new Queue<JobData>(name, {
    connection: producing,
    prefix,
    streams: { events: { maxLen: 100 } },
  });
  queue.on('error', reportQueueErrors(logger, name));
  const consumer = createConsumer<JobData>({
    queue: name,
    prefix,
    redisUrl: options.redisUrl,
    concurrency: options.concurrency,
    logger,
    async process(job, token) {
      if (job.data.v === PAYLOAD_VERSION) return options.process(job.data);
      // During an upgrade: a newer process queued it and will get it.
      await job.moveToDelayed(Date.now() + LEFT_FOR_MS, token);
      throw new DelayedError();
    },
  });
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
    async waits(attempt) {
      const id = jobId(attempt);
      if (consumer.holds(id)) return false;
      const job = await queue.getJob(id);
      if (job === undefined || !WAITING.has(await job.getState()) || (await queue.isPaused())) return false;
      // Held by a live process: it may be slow to claim, but the job is not lost.
      return (await producing.exists(`${queue.toKey(id)}:lock`)) === 0;
    },
    consumer,
    drain: () => consumer.drain(),
    async close() {
      await consumer.close();
      await queue.close();
      producing.disconnect();
    },
  };
}

function jobId({ chunkId, attempt }: ChunkAttempt): string {
  return `c${chunkId}-${attempt}`;
}
