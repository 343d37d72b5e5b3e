import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect } from 'vitest';
import { expectWorkToResume, startLongBackfill } from '../../fixtures/redis-outage.ts';
import { test } from '../../fixtures/shop.ts';
import { cancelRun } from '../runs/index.ts';

// The test needs an outage of this many seconds, so it has to wait.
describe('a backfill resumes within 10 s', () => {
  test('after Redis was frozen for 3, 8 and 20 s, and after it was killed', async ({ shop, redis }) => {
    const runId = await startLongBackfill(shop);
    for (const seconds of [3, 8, 20]) {
      redis.freeze();
      await sleep(seconds * 1_000);
      redis.thaw();
      await expectWorkToResume(shop, runId);
    }
    await redis.kill();
    await redis.start();
    await expectWorkToResume(shop, runId);
    await cancelRun(shop.store, 'shop', runId);
    expect(
      await shop.sql('select 1 from shop_history.ad_words_v1 group by ad_id having count(*) > 1'),
    ).toEqual([]);
  });
});
