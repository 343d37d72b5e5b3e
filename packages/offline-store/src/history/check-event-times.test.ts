import { expect, test } from 'vitest';
import { checkEventTimes } from './check-event-times.ts';

const NOW_MS = Date.UTC(2026, 10, 20);
const DAY_MS = 86_400_000;
const times = { project: 'shop', event_horizon_ms: 30 * DAY_MS };

test('exactly 5 minutes ahead is accepted, a millisecond more is not', () => {
  const past = { eventTimestampMs: NOW_MS - 1 };
  const edge = { eventTimestampMs: NOW_MS + 300_000 };
  const beyond = { eventTimestampMs: NOW_MS + 300_001 };
  const { accepted, refused } = checkEventTimes([past, beyond, edge], times, NOW_MS);
  expect(accepted).toEqual([past, edge]);
  expect(refused).toEqual([
    { row: beyond, error: expect.objectContaining({ code: 'EVENT_TIMESTAMP_IN_FUTURE' }) },
  ]);
});

test('exactly the horizon is accepted, a millisecond earlier is not, and the advice in the message works', () => {
  const edge = { eventTimestampMs: NOW_MS - 30 * DAY_MS };
  const before = { eventTimestampMs: NOW_MS - 30 * DAY_MS - 1 };
  const { accepted, refused } = checkEventTimes([edge, before], times, NOW_MS);
  expect(accepted).toEqual([edge]);
  expect(refused).toMatchObject([{ row: before, error: { code: 'EVENT_TIMESTAMP_TOO_OLD' } }]);
  const days = Number(/eventHorizon: '(\d+)d'/.exec(refused[0]?.error.message ?? '')?.[1]);
  expect(checkEventTimes([before], { ...times, event_horizon_ms: days * DAY_MS }, NOW_MS).accepted).toEqual([
    before,
  ]);
});

test.for([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
  '%d is refused without breaking',
  (eventTimestampMs) => {
    expect(checkEventTimes([{ eventTimestampMs }], times, NOW_MS).refused).toHaveLength(1);
  },
);
