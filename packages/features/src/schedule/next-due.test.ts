import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nextDue } from './next-due.ts';
import { scheduleManifest, scheduleText, type ScheduleManifest } from './schedule.ts';

const MINUTE_MS = 60_000;

async function dueTimes(schedule: ScheduleManifest, from: string, count: number): Promise<string[]> {
  const due: string[] = [];
  for (let at: Date | null = new Date(from); due.length < count; due.push(at.toISOString().slice(0, 16))) {
    at = await nextDue(schedule, at);
    if (at === null) break;
  }
  return due;
}

const berlin = (cron: string): ScheduleManifest => ({ cron, time_zone: 'Europe/Berlin', missed: 'once' });
const newYork = (cron: string): ScheduleManifest => ({ cron, time_zone: 'America/New_York', missed: 'once' });

describe('a due time', () => {
  test.each([
    ['in UTC', '0 4 * * *', '2026-03-28T04:00Z', ['2026-03-29T04:00', '2026-03-30T04:00']],
    ['by a zone', berlin('0 4 * * *'), '2026-01-01T00:00Z', ['2026-01-01T03:00', '2026-01-02T03:00']],
    [
      'that Berlin skips is once after it',
      berlin('30 2 * * *'),
      '2026-03-28T12:00Z',
      ['2026-03-29T01:00', '2026-03-30T00:30'],
    ],
    [
      'that Berlin skips is once for the whole hour',
      berlin('*/10 2 * * *'),
      '2026-03-28T12:00Z',
      ['2026-03-29T01:00', '2026-03-30T00:00'],
    ],
    [
      'that Berlin repeats is once',
      berlin('30 2 * * *'),
      '2026-10-24T12:00Z',
      ['2026-10-25T00:30', '2026-10-26T01:30'],
    ],
    [
      'that New York skips is once after it',
      newYork('15 2 * * *'),
      '2026-03-07T12:00Z',
      ['2026-03-08T07:00', '2026-03-09T06:15'],
    ],
    [
      'that New York repeats is once',
      newYork('30 1 * * *'),
      '2026-10-31T12:00Z',
      ['2026-11-01T05:30', '2026-11-02T06:30'],
    ],
    ['in a leap year', '0 0 29 2 *', '2026-01-01T00:00Z', ['2028-02-29T00:00', '2032-02-29T00:00']],
    [
      'on the last day of a month',
      '0 0 L * *',
      '2028-02-01T00:00Z',
      ['2028-02-29T00:00', '2028-03-31T00:00'],
    ],
  ] as const)('%s', async (_, schedule, from, expected) => {
    expect(await dueTimes(schedule, from, 2)).toEqual(expected);
  });

  test('does not exist on a day that no month has', async () => {
    expect(await nextDue('0 0 31 2,4 *', new Date())).toBeNull();
  });
});

describe('every time of the calendar is due once, at the first instant that the clock shows it or has jumped over it', () => {
  const changes = [
    ['Europe/Berlin', '2026-03-29T01:00Z'],
    ['Europe/Berlin', '2026-10-25T01:00Z'],
    ['America/New_York', '2026-03-08T07:00Z'],
    ['America/New_York', '2026-11-01T06:00Z'],
    ['Australia/Lord_Howe', '2026-04-04T15:00Z'],
    ['Australia/Lord_Howe', '2026-10-03T15:30Z'],
  ] as const;
  const some = (max: number) => fc.uniqueArray(fc.integer({ min: 0, max }), { minLength: 1, maxLength: 4 });

  test('around each change of the clock', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...changes),
        some(59),
        some(5),
        async ([time_zone, change], minutes, hours) => {
          const from = new Date(Date.parse(change) - 30 * 3_600_000);
          const to = Date.parse(change) + 30 * 3_600_000;
          const expected = naiveDueTimes({ timeZone: time_zone, minutes, hours }, from.getTime(), to);
          const cron = `${minutes.join(',')} ${hours.join(',')} * * *`;
          const due: number[] = [];
          for (let at: Date | null = from; at !== null && at.getTime() <= to;) {
            at = await nextDue({ cron, time_zone, missed: 'once' }, at);
            if (at !== null && at.getTime() <= to) due.push(at.getTime());
          }
          expect(due).toEqual(expected);
        },
      ),
      { numRuns: 60 },
    );
  });
});

interface Naive {
  readonly timeZone: string;
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
}

/** Minute by minute: what the clock shows for the first time, and what it jumps over, is due now. */
function naiveDueTimes({ timeZone, minutes, hours }: Naive, fromMs: number, toMs: number): number[] {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' });
  const shown = (ms: number): number => Date.parse(`${format.format(ms).replace(' ', 'T')}Z`);
  const due: number[] = [];
  // Long before, as the clock may have been set back a moment ago.
  let latest = shown(fromMs - 180 * MINUTE_MS);
  for (let ms = fromMs - 179 * MINUTE_MS; ms <= toMs; ms += MINUTE_MS) {
    let any = false;
    for (; latest < shown(ms);) {
      latest += MINUTE_MS;
      const at = new Date(latest);
      any ||= minutes.includes(at.getUTCMinutes()) && hours.includes(at.getUTCHours());
    }
    if (any && ms > fromMs) due.push(ms);
  }
  return due;
}

test('a schedule that only spells out the defaults is the plain string in the manifest', () => {
  expect(scheduleManifest('0 4 * * *')).toBe('0 4 * * *');
  expect(scheduleManifest({ cron: '0 4 * * *', timeZone: 'UTC', missed: 'once' })).toBe('0 4 * * *');
  expect(
    scheduleText(scheduleManifest({ cron: '0 4 * * *', timeZone: 'Europe/Berlin', lateAfter: '90m' })),
  ).toBe('0 4 * * * Europe/Berlin, late after 1h 30m');
  expect(scheduleManifest({ cron: '0 4 * * *', missed: 'skip' })).toEqual({
    cron: '0 4 * * *',
    time_zone: 'UTC',
    missed: 'skip',
  });
});
