import { expect } from 'vitest';
import { test } from '../../fixtures/shop.ts';
import { listFailures, retryFailed } from '../runs/index.ts';

test('a landing whose connection is cut is retried, and the reason is the database', async ({ shop }) => {
  await shop.seedAds(5, () => 'two words');
  // Ends the session during COPY; a sequence keeps its value although the transaction is rolled back.
  await shop.sql(`
    create sequence cuts;
    create function cut_landing() returns trigger language plpgsql as $$ begin
      perform nextval('cuts'), pg_terminate_backend(pg_backend_pid());
      return new;
    end $$;
    create trigger cut before insert on shop_history.ad_words_v1 for each row execute function cut_landing()`);
  shop.materializer();
  const runId = await shop.backfill('ad_words');
  expect(await shop.ended(runId)).toMatchObject({ status: 'failed' });
  const { failures } = await listFailures(shop.store, 'shop', runId);
  expect(failures).toMatchObject([
    {
      key: null,
      code: 'DATABASE_UNAVAILABLE',
      reason: expect.stringContaining('PostgreSQL does not answer'),
    },
  ]);
  expect(await shop.sql('select last_value::integer as cuts from cuts')).toEqual([{ cuts: 5 }]);

  await shop.sql('drop trigger cut on shop_history.ad_words_v1');
  await retryFailed(shop.store, 'shop', runId);
  expect(await shop.ended(runId)).toMatchObject({ status: 'succeeded', rows: { done: 5 }, error: null });
});
