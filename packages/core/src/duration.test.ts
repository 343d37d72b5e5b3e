import { describe, expect, test } from 'vitest';
import { formatDurationMs, parseDurationMs } from './duration.ts';

describe('parseDurationMs', () => {
  test.each([
    ['250ms', 250],
    ['90s', 90_000],
    ['1.5h', 5_400_000],
    ['7d', 604_800_000],
    ['2w', 1_209_600_000],
  ])('%s is %d ms', (text, ms) => {
    expect(parseDurationMs(text)).toBe(ms);
  });

  test.each(['', '7', 'd', '-1d', '0s', '7 d', '1e3s', '7days', ' 7d', 'NaNs'])(
    'refuses %j and says how to write one',
    (text) => {
      expect(() => parseDurationMs(text)).toThrow(/positive number and a unit/);
    },
  );
});

test.each([
  [0, '0ms'],
  [999, '999ms'],
  [1_000, '1s'],
  [61_000, '1m 1s'],
  [3_600_000, '1h'],
  [273_600_000, '3d 4h'],
])('formatDurationMs(%d) is %s', (ms, text) => {
  expect(formatDurationMs(ms)).toBe(text);
});
