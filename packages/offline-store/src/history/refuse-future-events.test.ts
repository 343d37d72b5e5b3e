import { expect, test } from 'vitest';
import { refuseFutureEvents } from './refuse-future-events.ts';

const NOW_MS = Date.UTC(2026, 10, 20);
const clock = { nowMs: () => NOW_MS };

test('exactly 5 minutes ahead is accepted, a millisecond more is not', () => {
  const past = { eventTimestampMs: 0 };
  const edge = { eventTimestampMs: NOW_MS + 300_000 };
  const beyond = { eventTimestampMs: NOW_MS + 300_001 };
  const { accepted, refused } = refuseFutureEvents([past, beyond, edge], clock);
  expect(accepted).toEqual([past, edge]);
  expect(refused).toEqual([
    { row: beyond, error: expect.objectContaining({ code: 'EVENT_TIMESTAMP_IN_FUTURE' }) },
  ]);
});

test.for([Number.NaN, Number.POSITIVE_INFINITY])('%d is refused without breaking', (eventTimestampMs) => {
  expect(refuseFutureEvents([{ eventTimestampMs }], clock).refused).toHaveLength(1);
});
