import { formatDurationMs, type Duration } from '@larder/core';
import { durationMsOrNaN } from '../definition/duration-option.ts';

/** When a view is materialized. */
export interface Schedule {
  /** Five fields: minute, hour, day of month, month, day of week. */
  readonly cron: string;
  /** IANA name of the zone whose clock the fields mean, such as `Europe/Berlin`. @default 'UTC' */
  readonly timeZone?: string;
  /**
   * What to do with a due time when no worker was running: `once` runs it late, one run for all missed ones;
   * `skip` drops it when it is more than 5 minutes late. @default 'once'
   */
  readonly missed?: 'once' | 'skip';
  /** How long after its due time a run may take to end before it counts as late. @default until the next due time */
  readonly lateAfter?: Duration;
}

/** As the manifest has it: a plain string is a cron schedule in UTC whose missed runs are made up once. */
export type ScheduleManifest = string | CompleteSchedule;

export interface CompleteSchedule {
  readonly cron: string;
  readonly time_zone: string;
  readonly missed: 'once' | 'skip';
  /** Absent: a run is late when the next one is due. */
  readonly late_after_ms?: number;
}

/** The shortest form that says the same: an object that only spells out the defaults is the plain string. */
export function scheduleManifest(schedule: string | Schedule): ScheduleManifest {
  const {
    cron,
    timeZone = 'UTC',
    missed = 'once',
    lateAfter,
  } = typeof schedule === 'string' ? ({ cron: schedule } as Schedule) : schedule;
  if (timeZone === 'UTC' && missed === 'once' && lateAfter === undefined) return cron;
  return {
    cron,
    time_zone: timeZone,
    missed,
    ...(lateAfter !== undefined && { late_after_ms: durationMsOrNaN(lateAfter) }),
  };
}

export function completeSchedule(schedule: ScheduleManifest): CompleteSchedule {
  return typeof schedule === 'string' ? { cron: schedule, time_zone: 'UTC', missed: 'once' } : schedule;
}

/** For people: `0 4 * * * Europe/Berlin, missed runs are skipped`. */
export function scheduleText(schedule: ScheduleManifest | null): string {
  if (schedule === null) return 'none';
  const { cron, time_zone: timeZone, missed, late_after_ms: lateAfterMs } = completeSchedule(schedule);
  return [
    `${cron}${timeZone === 'UTC' ? '' : ` ${timeZone}`}`,
    ...(missed === 'skip' ? ['missed runs are skipped'] : []),
    ...(lateAfterMs === undefined ? [] : [`late after ${formatDurationMs(lateAfterMs)}`]),
  ].join(', ');
}
