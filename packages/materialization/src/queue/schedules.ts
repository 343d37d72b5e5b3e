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
  return {
    async reconcile(views) {
      const wanted = new Map(
        views.flatMap((view) => (view.schedule === null ? [] : [[viewRef(view), view.schedule]])),
      );
      for (const [ref, pattern] of wanted) {
        await queue.upsertJobScheduler(
          ref,
          { pattern, tz: 'UTC' },
          {
            name: 'tick',
            data: { viewRef: ref },
            // The next tick is certain; a tick that could not reach PostgreSQL is tried a few times first.
            opts: {
              attempts: 5,
              backoff: { type: 'exponential', delay: 1_000 },
              removeOnComplete: true,
              removeOnFail: true,
            },
          },
        );
      }
      for (const scheduler of await queue.getJobSchedulers()) {
        if (!wanted.has(scheduler.key)) await queue.removeJobScheduler(scheduler.key);
      }
    },
    async close() {
      await worker.close();
      await queue.close();
      producing.disconnect();
      consuming.disconnect();
    },
  };
}
