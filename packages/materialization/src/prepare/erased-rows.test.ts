import { describe, expect } from 'vitest';
import { test, type Shop } from '../../fixtures/shop.ts';
import { forgetEntity } from '../erasure/index.ts';
import { listFailures } from '../runs/index.ts';

const forget = (shop: Shop, entity: string, key: string) =>
  forgetEntity(
    {
      offlineStore: shop.store,
      onlineStore: shop.onlineStore,
      logger: shop.logger,
      eraseFromArchives: async () => ({ rows: 0, unreachable: [] }),
    },
    { manifest: shop.project.manifest, entity, key, actor: 'test', reason: null },
  );

describe('rows of erased entities', () => {
  test('are skipped before they are computed, run after run, and fail nothing', async ({ shop }) => {
    await shop.seedAds(2, () => 'two words');
    // Computing it fails, so that a run that computed it would be partial.
    await shop.sql(`insert into ads values ('ad-erased', 'poison', '2026-03-01')`);
    await forget(shop, 'ad', 'ad-erased');
    shop.materializer();
    for (const done of [2, 0]) {
      const runId = await shop.backfill('ad_words');
      expect(await shop.ended(runId)).toMatchObject({
        status: 'succeeded',
        rows: { total: 3, done, failed: 0, skippedUnchanged: 3 - done },
      });
      expect((await listFailures(shop.store, 'shop', runId, {})).failures).toEqual([]);
    }
  });
});
