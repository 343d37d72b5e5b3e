import { computeOnDemand, computeRow, predictRow } from 'larderjs/testing';
import { expect, test } from 'vitest';
import { basket, orderTotals, purchase } from './larder.config.ts';

test('a file of orders becomes totals', async () => {
  const anna = await computeRow(orderTotals, { path: 'orders/anna.csv' });
  expect(anna.order_count).toBe(3);
  expect(anna.mean_amount).toBeCloseTo(40.8, 4);
  expect(anna.last_order_at).toEqual(new Date('2026-11-02T08:05:00Z'));
});

test('a basket is compared with earlier orders', () => {
  const request = { now: new Date('2026-11-12T00:00:00Z'), amount: 60 };
  const order_totals = { mean_amount: 40, last_order_at: new Date('2026-11-02T00:00:00Z') };
  expect(computeOnDemand(basket, { request, features: { order_totals } })).toEqual({
    days_since_order: 10,
    relative_amount: 1.5,
  });
});

const features = (days: number) => ({
  order_totals: { order_count: 3, mean_amount: 40 },
  basket: { days_since_order: days, relative_amount: 1 },
});

test('the model reproduces the scores of its training, and expects recent customers to buy', async () => {
  const recent = await predictRow(purchase, features(2));
  const absent = await predictRow(purchase, features(300));
  expect(recent.probability).toBeGreaterThan(absent.probability);
});
