import { expect, test } from 'vitest';
import { createSlotMeter } from './slot-meter.ts';

test('chunks that share threads share their time', () => {
  let now = 0;
  const meter = createSlotMeter(2, () => now);
  const alone = meter.start();
  now += 1_000;
  // One thread is free: two chunks take one each.
  const other = meter.start();
  now += 1_000;
  const more = [meter.start(), meter.start()];
  now += 4_000;
  expect([alone(), other()]).toEqual([4, 3]);
  now += 1_000;
  expect(more.map((end) => end())).toEqual([3, 3]);
});

test('time without chunks is nobody’s', () => {
  let now = 0;
  const meter = createSlotMeter(1, () => now);
  meter.start()();
  now += 60_000;
  const end = meter.start();
  now += 500;
  expect(end()).toBe(0.5);
});
