import pg from 'pg';
import { describe, expect } from 'vitest';
import { test } from '../../fixtures/shop.ts';

const WAITING = `select 1 from pg_stat_activity where datname = current_database()
  and application_name = 'larder-source' and wait_event_type = 'Lock'`;

describe('a source that does not answer', () => {
  test('does not keep a worker from stopping', async ({ shop }) => {
    await shop.seedAds(200, () => 'slow:50 word');
    const materializer = shop.materializer();
    const runId = await shop.backfill('ad_words');
    await shop.until(runId, ({ rows }) => rows.done > 0);
    const holder = new pg.Client({ connectionString: shop.databaseUrl });
    await holder.connect();
    try {
      await holder.query('begin; lock table ads in access exclusive mode');
      await expect.poll(async () => (await shop.sql(WAITING)).length, { timeout: 60_000 }).toBeGreaterThan(0);
      await materializer.stop({ deadlineMs: 10 });
      await expect.poll(async () => (await shop.sql(WAITING)).length, { timeout: 60_000 }).toBe(0);
    } finally {
      await holder.end();
    }
    shop.materializer();
    expect(await shop.ended(runId)).toMatchObject({ status: 'succeeded', rows: { done: 200, failed: 0 } });
  });
});
