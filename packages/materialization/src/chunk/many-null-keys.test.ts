import { expect } from 'vitest';
import { test } from '../../fixtures/shop.ts';
import { listFailures } from '../runs/index.ts';

test('rows without a key all count as failed in one chunk, which reads and lists only some', async ({
  shop,
}) => {
  await shop.sql(`
    insert into stats select null, n, '2026-02-01', '2026-02-01', n, 1, repeat('x', 1000) from generate_series(1, 3000) n;
    insert into stats values ('ad-1', 1, '2026-02-01', '2026-02-01', 1, 1, 'fine')`);
  shop.materializer();
  const runId = await shop.backfill('ad_user_stats');
  expect(await shop.ended(runId)).toMatchObject({
    status: 'partial',
    rows: { total: 3_001, done: 1, failed: 3_000 },
  });
  const listed = await shop.sql<{ reason: string; code: string }>(
    `select code, reason from larder.row_failures where run_id = '${runId}'`,
  );
  // Chunks of this view have 50 rows.
  expect(listed).toHaveLength(51);
  expect(new Set(listed.map(({ code }) => code))).toEqual(new Set(['ENTITY_KEY_INVALID']));
  const { failures } = await listFailures(shop.store, 'shop', runId);
  expect(failures.map(({ reason }) => reason).join('\n')).toMatch(
    /2950 more rows of the source have no join key/,
  );
});
