import { expect } from 'vitest';
import { QUICK } from '../../fixtures/quick-times.ts';
import { test } from '../../fixtures/shop.ts';

test('a chunk whose rows take longer to land than its lease still lands, once', async ({ shop }) => {
  await shop.seedAds(40, () => 'two words');
  // 20 rows per chunk: one statement takes three seconds or more.
  await shop.sql(`
    create function slow() returns trigger language plpgsql as $$ begin perform pg_sleep(0.15); return new; end $$;
    create trigger slow before insert on shop_history.ad_words_v1 for each row execute function slow()`);
  shop.materializer({ times: { ...QUICK, leaseMs: 2_000, landingRowMs: 1_000 } });
  const runId = await shop.backfill('ad_words');
  expect(await shop.ended(runId)).toMatchObject({ status: 'succeeded', rows: { done: 40 } });
  expect(await shop.sql('select attempt, failures from larder.chunks')).toEqual([
    { attempt: 1, failures: 0 },
    { attempt: 1, failures: 0 },
  ]);
});
