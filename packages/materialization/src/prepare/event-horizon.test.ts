import { expect } from 'vitest';
import { test } from '../../fixtures/shop.ts';
import { listFailures } from '../runs/index.ts';

test('rows before the horizon of the project fail alone, and create no partition', async ({ shop }) => {
  await shop.sql(`
    insert into stats values
      ('old', 1, now() - interval '3660 days', '2026-02-01', 1, 1, 'too old'),
      ('year-1', 1, '0001-01-01', '2026-02-01', 1, 1, 'a default of somebody'),
      ('edge', 1, now() - interval '3650 days', '2026-02-01', 1, 1, 'old'),
      ('new', 1, now(), now(), 1, 1, 'new')`);
  shop.materializer();
  const runId = await shop.backfill('ad_user_stats');
  expect(await shop.ended(runId)).toMatchObject({
    status: 'partial',
    rows: { total: 4, done: 2, failed: 2 },
  });
  const { failures } = await listFailures(shop.store, 'shop', runId);
  expect(failures.map(({ key, code }) => `${key} ${code}`).sort()).toEqual([
    'old|1 EVENT_TIMESTAMP_TOO_OLD',
    'year-1|1 EVENT_TIMESTAMP_TOO_OLD',
  ]);
  expect(failures[0]?.reason).toMatch(/project\('shop', \{ eventHorizon: '\d+d' \}\)/);
  const partitions = await shop.sql<{ name: string }>(
    `select relname as name from pg_class where relkind = 'r' and relname like 'ad\\_user\\_stats\\_v1\\_%'`,
  );
  // Last month, this month and the next, and the month ten years ago.
  expect(partitions).toHaveLength(4);
});
