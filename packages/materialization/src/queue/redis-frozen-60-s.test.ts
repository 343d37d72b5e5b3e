import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { expectWorkToResume, startLongBackfill } from '../../fixtures/redis-outage.ts';
import { test } from '../../fixtures/shop.ts';
import { cancelRun } from '../runs/index.ts';

// In a separate file, so that it runs in parallel with others: it mostly waits.
test('a backfill resumes within 10 s after Redis was frozen for 60 s', async ({ shop, redis }) => {
  const runId = await startLongBackfill(shop);
  redis.freeze();
  await sleep(60_000);
  redis.thaw();
  await expectWorkToResume(shop, runId);
  await cancelRun(shop.store, 'shop', runId);
  expect(await shop.sql('select 1 from shop_history.ad_words_v1 group by ad_id having count(*) > 1')).toEqual(
    [],
  );
});
