import { expect } from 'vitest';
import { appendHistory, ensureHistory, ensureHistoryPartitions } from '../index.ts';
import { project, row, test, view } from '../testing/store.ts';

const wide = view('wide', [{ name: 'x', type: 'float32' }]);
const years = (count: number) =>
  Array.from({ length: 12 * count }, (_, at) => row(`ad-${at}`, { eventTimestampMs: Date.UTC(2000, at, 5) }));

test('rows of many months get their partitions in many small transactions', async ({ store }) => {
  await ensureHistory(store, project, wide);
  const rows = years(10);
  await Promise.all([1, 2, 3].map(() => ensureHistoryPartitions(store, project, wide, rows)));
  const { rows: made } = await store.pool.query(
    `select count(*)::int as made from pg_class where relkind = 'r' and relname like 'wide\\_v1\\_200%' group by xmin`,
  );
  expect(made.reduce((sum, group) => sum + group.made, 0)).toBe(120);
  expect(Math.max(...made.map((group) => group.made))).toBeLessThanOrEqual(12);
  await store.transaction((tx) => appendHistory(tx, project, wide, rows));
  expect((await store.pool.query('select 1 from shop_history.wide_v1')).rowCount).toBe(120);
});

test('a transaction that would create more than the limit is a bug, and creates none', async ({ store }) => {
  const narrow = { ...wide, name: 'narrow' };
  await ensureHistory(store, project, narrow);
  const append = (count: number) =>
    store.transaction((tx) => appendHistory(tx, project, narrow, years(2).slice(0, count)));
  await expect(append(13)).rejects.toThrow('13 partitions');
  await append(12);
});
