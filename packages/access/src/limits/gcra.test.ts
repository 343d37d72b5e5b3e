import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Gcra } from './gcra.ts';
import { createAddressLimit } from './per-address.ts';
import { parseRate, rateText } from './parse-rate.ts';

describe('a rate', () => {
  test('is used up by a burst, says how long to wait, and comes back evenly', () => {
    const limit = new Gcra({ requests: 4, windowSeconds: 1 });
    expect([limit.take(0), limit.take(0), limit.take(0), limit.take(0), limit.take(0)]).toEqual([
      true,
      true,
      true,
      true,
      false,
    ]);
    expect([limit.remaining(0), limit.waitMs(0), limit.resetMs(0)]).toEqual([0, 250, 1_000]);
    expect([limit.take(249), limit.take(250), limit.take(250)]).toEqual([false, true, false]);
    expect([limit.remaining(1_250), limit.waitMs(1_250)]).toEqual([4, 0]);
  });

  test('shared by more processes than it has requests still lets one through now and then', () => {
    const limit = new Gcra({ requests: 2, windowSeconds: 60 }, 1 / 10);
    expect([limit.take(0), limit.take(0), limit.take(299_999), limit.take(300_000)]).toEqual([
      true,
      false,
      false,
      true,
    ]);
  });

  test('that shrinks keeps what was used', () => {
    const limit = new Gcra({ requests: 10, windowSeconds: 1 });
    for (let request = 0; request < 10; request++) limit.take(0);
    limit.change({ requests: 10, windowSeconds: 1 }, 1 / 2);
    expect(limit.take(100)).toBe(false);
  });

  test('never lets more than its burst and what came back pass, in any order of arrivals', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 200 }),
        (requests, gaps) => {
          const limit = new Gcra({ requests, windowSeconds: 1 });
          let nowMs = 0;
          let taken = 0;
          // The oracle: a bucket of `requests` that refills by fractions.
          let tokens: number = requests;
          for (const gap of gaps) {
            nowMs += gap;
            tokens = Math.min(requests, tokens + (gap * requests) / 1_000);
            const may = tokens >= 1 - 1e-6;
            if (may) tokens -= 1;
            expect(limit.take(nowMs)).toBe(may);
            if (may) taken += 1;
            expect(taken).toBeLessThanOrEqual(requests + (nowMs * requests) / 1_000 + 1e-6);
          }
        },
      ),
    );
  });
});

test('addresses have a limit each, and only so many are kept', () => {
  const limit = createAddressLimit({ requests: 1, windowSeconds: 60 }, 2);
  expect([limit.take('a', 0), limit.take('a', 0), limit.take('b', 0)]).toEqual([0, 60_000, 0]);
  limit.take('c', 0); // a makes room
  expect([limit.take('c', 0), limit.take('a', 0)]).toEqual([60_000, 0]);
});

test('a rate is written as requests per second, minute or hour', () => {
  for (const text of ['1000/s', '60/m', '5/h']) expect(rateText(parseRate(text) ?? never())).toBe(text);
  for (const text of ['', '0/s', '10', '10/d', '-1/s', '1.5/s', '1/s '])
    expect({ text, rate: parseRate(text) }).toEqual({ text, rate: null });
});

function never(): never {
  throw new Error('not a rate');
}
