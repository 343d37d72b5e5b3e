import pg from 'pg';
import { expect } from 'vitest';
import { test } from '../../fixtures/shop.ts';

const WAITING = `select 1 from pg_stat_activity where datname = current_database()
  and application_name = 'larder-source' and wait_event_type = 'Lock'`;

test('a source that does not answer does not keep a worker that plans from stopping', async ({ shop }) => {
  await shop.seedAds(20, () => 'two words');
  const holder = new pg.Client({ connectionString: shop.databaseUrl });
  await holder.connect();
  let runId: string;
  try {
    await holder.query('begin; lock table ads in access exclusive mode');
    const materializer = shop.materializer();
    runId = await shop.backfill('ad_words');
    await expect.poll(async () => (await shop.sql(WAITING)).length, { timeout: 60_000 }).toBeGreaterThan(0);
    await materializer.stop({ deadlineMs: 10 });
    await expect.poll(async () => (await shop.sql(WAITING)).length, { timeout: 60_000 }).toBe(0);
    // Not a failure of the run: nothing was wrong with it.
    expect(
      await shop.sql(
        `select status, planning_failures, planning_lease_expires_at <= now() as free from larder.runs where run_id = '${runId}'`,
      ),
    ).toEqual([{ status: 'queued', planning_failures: 0, free: true }]);
  } finally {
    await holder.end();
  }
  shop.materializer();
  expect(await shop.ended(runId)).toMatchObject({ status: 'succeeded', rows: { done: 20, failed: 0 } });
});
