import { expect, test } from 'vitest';
import { compareRowOrder, isNewer } from './row-order.ts';

const order = (eventTimestampMs: number, createdTimestampMs: number, revision: number) => ({
  eventTimestampMs,
  createdTimestampMs,
  revision,
});

test('the event timestamp decides, then the created timestamp, then the revision', () => {
  const oldestFirst = [order(-1, 9, 9), order(0, -1, 9), order(0, 0, 1), order(0, 0, 2), order(1, -9, 0)];
  expect(oldestFirst.toReversed().toSorted(compareRowOrder)).toEqual(oldestFirst);
  for (const [i, row] of oldestFirst.entries())
    expect(oldestFirst.map((other) => isNewer(row, other))).toEqual(oldestFirst.map((_, j) => i > j));
});
