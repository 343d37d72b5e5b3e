import { expect, test } from 'vitest';
import type { CompiledPlan } from '../plan/compiled-plan.ts';
import { createTensorPool } from './tensor-pool.ts';

const WIDTH = 4;
const plan = { width: WIDTH } as CompiledPlan;
const MEGABYTE_ROWS = (1024 * 1024) / (4 * WIDTH);

test.each([1, 2])('a tensor of %d rows is not reused until it is handed back', (rows) => {
  const pool = createTensorPool(plan);
  const [first, second] = [pool.take(rows), pool.take(rows)];
  expect(first).not.toBe(second);
  pool.give(first);
  const third = pool.take(rows);
  expect(third).toBe(first);
  expect(pool.take(rows)).not.toBe(first);
});

test('a tensor has at least the requested number of rows', () => {
  const pool = createTensorPool(plan);
  const five = pool.take(5);
  expect(five.floats).toHaveLength(5 * WIDTH);
  pool.give(five);
  expect(pool.take(6).floats).toHaveLength(6 * WIDTH);
  expect(pool.take(5), 'exactly as many').toBe(five);
  pool.give(five);
  expect(pool.take(2), 'more than enough').toBe(five);
  expect(pool.take(1).floats, 'tensors of one row are kept separately').toHaveLength(WIDTH);
});

test('the largest tensor handed back is kept', () => {
  const pool = createTensorPool(plan);
  const [three, five, four] = [pool.take(3), pool.take(5), pool.take(4)];
  for (const tensor of [three, five, four]) pool.give(tensor);
  expect(pool.take(2)).toBe(five);
});

test('no tensor of more than 8 MiB is kept, one of 8 MiB is', () => {
  const pool = createTensorPool(plan);
  const [most, tooMuch] = [pool.take(8 * MEGABYTE_ROWS), pool.take(8 * MEGABYTE_ROWS + 1)];
  pool.give(tooMuch);
  expect(pool.take(2)).not.toBe(tooMuch);
  pool.give(most);
  expect(pool.take(2)).toBe(most);
});

test('32 tensors of one row are kept', () => {
  const pool = createTensorPool(plan);
  const given = Array.from({ length: 40 }, () => pool.take(1));
  for (const tensor of given) pool.give(tensor);
  const again = new Set(Array.from({ length: 40 }, () => pool.take(1)));
  expect(given.filter((tensor) => again.has(tensor))).toHaveLength(32);
});
