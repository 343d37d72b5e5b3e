import { completeSchedule, type ScheduleManifest } from './schedule.ts';
import { zoneClock } from './zone-clock.ts';

/**
 * When a schedule is due next, strictly after an instant; null: never. It is due at the first instant at which the
 * zone's clock shows a time of the schedule, or jumps over it: an hour that daylight saving skips is due once after it,
 * one that it repeats is due once. So due times follow each other strictly, and each time of the calendar is due once.
 *
 * The cron parser sees UTC alone, which skips and repeats nothing; the zone's rules are applied here.
 */
export async function nextDue(schedule: ScheduleManifest, after: Date): Promise<Date | null> {
  const { cron, time_zone: timeZone } = completeSchedule(schedule);
  const { CronExpressionParser } = await import('cron-parser');
  const clock = zoneClock(timeZone);
  const afterMs = after.getTime();
  const times = CronExpressionParser.parse(cron, { tz: 'UTC', currentDate: new Date(clock.wallMs(afterMs)) });
  for (;;) {
    let wallMs: number;
    try {
      wallMs = times.next().getTime();
    } catch {
      return null;
    }
    const dueMs = clock.firstInstantMs(wallMs);
    if (dueMs > afterMs) return new Date(dueMs);
  }
}
