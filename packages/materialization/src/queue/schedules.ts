import type { Logger } from '@larder/core';
import { completeSchedule, viewRef, type FeatureViewManifest } from '@larder/features';
import { connectRedis } from '@larder/online-store';
import { Queue } from 'bullmq';
import { createConsumer } from './consumer.ts';
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
  /** A tick was overdue at two looks, and the consumer has been replaced. */
  readonly onWedged?: () => void;
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
  const queue = new Queue<{ viewRef: string }>(QUEUE, {
    connection: producing,
    prefix,
    streams: { events: { maxLen: 100 } },
  });
  queue.on('error', reportQueueErrors(logger, QUEUE));
  const consumer = createConsumer<{ viewRef: string }>({
    queue: QUEUE,
    prefix,
    redisUrl: options.redisUrl,
    concurrency: 1,
    logger,
    process: (job) =>
      options.onTick({ viewRef: job.data.viewRef, dueAt: new Date(job.opts.prevMillis ?? job.timestamp) }),
    onFailed: (job, error) =>
      logger.warn({ err: error, view: job?.data.viewRef }, 'A scheduled run was not queued'),
  });
  /** Of each overdue tick: when it was due, and how many looks have found it. */
  const overdue = new Map<string, { readonly next: number; looks: number }>();
  function overdueLooks(ref: string, next = 0): number {
    if (next >= Date.now()) {
      overdue.delete(ref);
      return 0;
    }
    const known = overdue.get(ref);
    const looks = known?.next === next ? known.looks + 1 : 1;
    overdue.set(ref, { next, looks });
    return looks;
  }
  return {
    async reconcile(views) {
      const wanted = new Map(
        views.flatMap((view) =>
          view.schedule === null ? [] : [[viewRef(view), completeSchedule(view.schedule)]],
        ),
      );
      const standing = new Map(
        (await queue.getJobSchedulers()).map((scheduler) => [scheduler.key, scheduler]),
      );
      let wedged = false;
      for (const [ref, { cron: pattern, time_zone: tz }] of wanted) {
        const scheduler = standing.get(ref);
        if (scheduler?.pattern === pattern && scheduler.tz === tz) {
          const looks = overdueLooks(ref, scheduler.next);
          if (looks === 2) wedged = true;
          // Setting a schedule anew drops a tick that is due and not delivered yet, as after a night without workers.
          if (looks <= 2) continue;
        }
        await queue.upsertJobScheduler(
          ref,
          { pattern, tz },
          { name: 'tick', data: { viewRef: ref }, opts: TICK },
        );
      }
      if (wedged) {
        logger.warn(
          'A schedule is overdue and its consumer takes nothing; it is replaced by a fresh connection',
        );
        options.onWedged?.();
        consumer.replace();
      }
      for (const ref of standing.keys()) if (!wanted.has(ref)) await queue.removeJobScheduler(ref);
    },
    async close() {
      await consumer.close();
      await queue.close();
      producing.disconnect();
    },
  };
}
