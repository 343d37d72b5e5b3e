import { expect } from 'vitest';
import { QUICK } from '../../fixtures/quick-times.ts';
import { test } from '../../fixtures/shop.ts';
import { listFailures } from '../runs/index.ts';

test('when the time of a batch is up, its finished rows land and the others fail by key', async ({
  shop,
}) => {
  await shop.seedAds(20, (at) => (at % 7 === 3 ? 'late' : 'two words'));
  shop.materializer({ batchRows: 10, times: { ...QUICK, batchTimeoutMs: 1_000 } });
  const runId = await shop.backfill('ad_words');
  expect(await shop.ended(runId)).toMatchObject({
    status: 'partial',
    rows: { total: 20, done: 17, failed: 3 },
  });
  const { failures } = await listFailures(shop.store, 'shop', runId);
  expect(failures.map(({ key, code, attempts }) => `${key} ${code} ${attempts}`).sort()).toEqual([
    'ad-0003 TEXT_LATE 1',
    'ad-0010 TEXT_LATE 1',
    'ad-0017 TEXT_LATE 1',
  ]);
  expect(await shop.sql('select 1 from shop_history.ad_words_v1')).toHaveLength(17);
});
