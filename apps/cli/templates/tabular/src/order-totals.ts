import { readFile } from 'node:fs/promises';
import { defineComputation, type RowOf } from 'larderjs';
import type { orders } from '../larder.config.ts';

type File = RowOf<typeof orders>;

// Returns one outcome per row, in the order of the rows. Slow work belongs here.
export default defineComputation((rows: readonly File[]) => Promise.all(rows.map(totalsOf)));

/** `ordered_at,amount`, then a line for each order. */
async function totalsOf({ path }: File) {
  const [, ...lines] = (await readFile(path, 'utf8')).trim().split('\n');
  const placed = lines.map((line) => {
    const [orderedAt = '', amount = ''] = line.split(',');
    return { at: Date.parse(orderedAt), amount: amount.trim() === '' ? Number.NaN : Number(amount) };
  });
  const wrong = placed.findIndex(({ at, amount }) => Number.isNaN(at) || Number.isNaN(amount));
  if (wrong >= 0) {
    // Only the bad file fails; `larder runs` lists it with this code and reason.
    const reason = `Line ${wrong + 2} is not a time and an amount: ${lines[wrong]}`;
    return { failure: { code: 'ORDERS_UNREADABLE', reason, retryable: false } };
  }
  const total = placed.reduce((sum, { amount }) => sum + amount, 0);
  return {
    values: {
      order_count: placed.length,
      mean_amount: placed.length === 0 ? null : total / placed.length,
      last_order_at: placed.length === 0 ? null : new Date(Math.max(...placed.map(({ at }) => at))),
    },
  };
}
