import { durationMsOrNaN } from '../definition/duration-option.ts';
import type { Schedule } from './schedule.ts';
import { zoneClock } from './zone-clock.ts';

/** Where in a schedule something is wrong, and what. */
export interface ScheduleProblem {
  /** Path within the schedule; empty: the schedule itself, a plain string. */
  readonly path: readonly string[];
  readonly detail: string;
}

const MEMBERS = ['cron', 'timeZone', 'missed', 'lateAfter'];

/** Every problem of a schedule as written in a definition. */
export async function scheduleProblems(schedule: unknown): Promise<ScheduleProblem[]> {
  if (typeof schedule !== 'object' || schedule === null || Array.isArray(schedule))
    return problem([], await cronProblem(schedule));
  const { cron, timeZone = 'UTC', missed = 'once', lateAfter } = schedule as Partial<Schedule>;
  const strangers = Object.keys(schedule).filter((name) => !MEMBERS.includes(name));
  return [
    ...problem(['cron'], await cronProblem(cron)),
    ...problem(['timeZone'], timeZoneProblem(timeZone)),
    ...problem(
      ['missed'],
      ['once', 'skip'].includes(missed) ? null : `'${missed}' must be 'once' or 'skip'.`,
    ),
    ...problem(['lateAfter'], lateAfter === undefined ? null : lateAfterProblem(lateAfter)),
    ...strangers.flatMap((name) =>
      problem([name], `is not an option of a schedule; known are ${MEMBERS.join(', ')}.`),
    ),
  ];
}

function problem(path: readonly string[], detail: string | null): ScheduleProblem[] {
  return detail === null ? [] : [{ path, detail }];
}

function lateAfterProblem(lateAfter: unknown): string | null {
  const ms = durationMsOrNaN(String(lateAfter));
  return typeof lateAfter === 'string' && Number.isSafeInteger(ms) && ms > 0
    ? null
    : `'${String(lateAfter)}' must be a duration such as '2h' or '90m'.`;
}

/** Why this is not a plain five-field cron expression that is due at some time, or null. */
async function cronProblem(cron: unknown): Promise<string | null> {
  const what = `'${String(cron)}' is not a cron schedule of five fields such as '0 4 * * *' (minute, hour, day of month, month, day of week)`;
  if (typeof cron !== 'string' || cron.trim().split(/\s+/).length !== 5) return `${what}.`;
  // Jenkins' H picks a different time in every process.
  if (/(^|[\s,])H/i.test(cron)) return `${what}; 'H' is not supported.`;
  const { CronExpressionParser } = await import('cron-parser');
  let times: ReturnType<typeof CronExpressionParser.parse>;
  try {
    times = CronExpressionParser.parse(cron, { tz: 'UTC' });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    // The parser's message for a day that no month of the schedule has.
    return reason === 'Invalid explicit day of month definition'
      ? neverDue(cron)
      : `${what}${fieldProblem(reason)}.`;
  }
  return times.hasNext() ? null : neverDue(cron);
}

/** What the parser found, in our words; empty where its message names no value. */
function fieldProblem(message: string): string {
  const [, value, from, to] = /got (?:value|range) (\S+) expected range (\d+)-(\d+)/.exec(message) ?? [];
  if (value !== undefined) return `: ${value} is not within ${from} to ${to}`;
  const [, word] = /cannot resolve alias "(\w+)"|Invalid characters, got value: (\w+)/.exec(message) ?? [];
  return word === undefined ? '' : `: '${word}' is not a number, a month or a day of the week`;
}

function neverDue(cron: string): string {
  return `'${cron}' is never due: no such day exists. Choose a day that a month of the schedule has.`;
}

function timeZoneProblem(timeZone: unknown): string | null {
  try {
    zoneClock(String(timeZone)).wallMs(0);
    return typeof timeZone === 'string' ? null : "must be the name of a time zone such as 'Europe/Berlin'.";
  } catch {
    return `'${String(timeZone)}' is not a time zone; use an IANA name such as 'Europe/Berlin'.`;
  }
}
