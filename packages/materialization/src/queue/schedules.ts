import type { Logger } from '@larder/core';
import { viewRef, type FeatureViewManifest } from '@larder/features';
import { connectRedis } from '@larder/online-store';
import { Queue, Worker } from 'bullmq';
import { queuePrefix } from './queue-prefix.ts';
import { reportQueueErrors } from './report-queue-errors.ts';

export interface ScheduleTick {
  readonly viewRef: string;
  /** When it was due; the same for every delivery of one tick. */
  readonly dueAt: Date;
}

export interface SchedulesOptions {
  readonly project: string;
  readonly redisUrl: string;
  readonly logger: Logger;
  readonly onTick: (tick: ScheduleTick) => Promise<void>;
}

/** Cron schedules in UTC; one process of all gets each tick. */
export interface Schedules {
  /** Makes the schedules those of these views. Safe to repeat, which also brings them back after Redis lost them. */
  reconcile(views: readonly FeatureViewManifest[]): Promise<void>;
  close(): Promise<void>;
}

const QUEUE = 'schedules';

/** The next tick is certain; one that could not reach PostgreSQL is tried a few times first. */
const TICK = {
  attempts: 5,
  backoff: { type: 'exponential', delay: 1_000 },
  removeOnComplete: true,
  removeOnFail: true,
};

export function createSchedules(options: SchedulesOptions): Schedules {
  const { logger } = options;
  const prefix = queuePrefix(options.project);
  const producing = connectRedis(options.redisUrl, { role: 'worker', logger });
  const consuming = connectRedis(options.redisUrl, { role: 'queue', logger });
  const queue = new Queue<{ viewRef: string }>(QUEUE, {
    connection: producing,
    prefix,
    streams: { events: { maxLen: 100 } },
  });
  const worker = new Worker<{ viewRef: string }>(
    QUEUE,
    async (job) =>
      options.onTick({ viewRef: job.data.viewRef, dueAt: new Date(job.opts.prevMillis ?? job.timestamp) }),
    {
      connection: consuming,
      prefix,
      lockDuration: 5_000,
      stalledInterval: 2_000,
      maxStalledCount: 1_000,
      removeOnComplete: { count: 0 },
      removeOnFail: { count: 0 },
    },
  );
  const warn = reportQueueErrors(logger, QUEUE);
  queue.on('error', warn);
  worker.on('error', warn);
  worker.on('failed', (job, error) =>
    logger.warn({ err: error, view: job?.data.viewRef }, 'A scheduled run was not queued'),
  );
  /** BullMQ's schedulers were seen to stop: a tick that is overdue now and was at the last look is not coming. */
  const overdue = new Map<string, number>();
  function isStuck(ref: string, next: number | undefined): boolean {
    if (next !== undefined && next >= Date.now()) return false;
    const stuck = overdue.get(ref) === (next ?? 0);
    overdue.set(ref, next ?? 0);
    return stuck;
  }
  return {
    async reconcile(views) {
      const wanted = new Map(
        views.flatMap((view) => (view.schedule === null ? [] : [[viewRef(view), view.schedule]])),
      );
      const standing = new Map(
        (await queue.getJobSchedulers()).map((scheduler) => [scheduler.key, scheduler]),
      );
      for (const [ref, pattern] of wanted) {
        const scheduler = standing.get(ref);
        // Setting a schedule anew drops a tick that is due and not delivered yet, as after a night without workers.
        if (scheduler?.pattern === pattern && !isStuck(ref, scheduler.next)) continue;
        await queue.upsertJobScheduler(
          ref,
          { pattern, tz: 'UTC' },
          { name: 'tick', data: { viewRef: ref }, opts: TICK },
        );
      }
      for (const ref of standing.keys()) if (!wanted.has(ref)) await queue.removeJobScheduler(ref);
    },
    async close() {
      await worker.close();
      await queue.close();
      producing.disconnect();
      consuming.disconnect();
    },
  };
}
