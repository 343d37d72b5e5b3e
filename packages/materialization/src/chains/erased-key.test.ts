import { newId } from '@larder/core';
import { connectRedis } from '@larder/online-store';
import { expect } from 'vitest';
import { ADS, test } from '../../fixtures/chains.ts';
import type { Shop } from '../../fixtures/shop.ts';
import { continueErasures } from '../erasure/continue-erasures.ts';
import { forgetEntity, type ForgetDeps } from '../erasure/forget-entity.ts';
import { placesWithText } from '../testing/places-with-text.ts';
import { feedChain } from './feed-chain.ts';

const KEY = 'ad-0007';

function depsOf({ store, onlineStore, logger }: Shop): ForgetDeps {
  return {
    offlineStore: store,
    onlineStore,
    logger,
    eraseFromArchives: async () => ({ rows: 0, unreachable: [] }),
  };
}

const forget = (shop: Shop, key: string) =>
  forgetEntity(depsOf(shop), {
    manifest: shop.project.manifest,
    entity: 'ad',
    key,
    actor: 'test',
    reason: null,
  });

function places(shop: Shop, key: string): Promise<string[]> {
  const redis = connectRedis(shop.redisUrl, { role: 'worker' });
  return placesWithText(shop.store, redis, key).finally(() => redis.disconnect());
}

/** Nothing is left that a worker can continue now. */
async function erased(shop: Shop): Promise<void> {
  await shop.sql(`update larder.erasures set lease_expires_at = now() where status = 'running'`);
  while (await continueErasures(depsOf(shop), shop.project.manifest));
  expect(await shop.sql(`select 1 from larder.erasures where status <> 'complete'`)).toEqual([]);
}

test('a key that is erased while its change is turned into chunks is in none of them', async ({
  shop,
  chain,
}) => {
  await chain.seed(
    () => 'word',
    () => 1,
  );
  const worker = shop.materializer();
  for (const view of ['catalog@1', 'ad_words@1'])
    await shop.ended(await shop.backfill(view, { force: true }));
  await chain.settled();
  await worker.stop({ deadlineMs: 5_000 });
  // From the first change.
  await shop.sql(`update larder.chains set cursor = null where view = 'offer'`);

  const client = await shop.silentSession();
  await client.query('begin; lock table larder.run_links in share mode');
  const feeding = feedChain(shop.store, {
    manifest: shop.project.manifest,
    view: shop.view('offer@1'),
  });
  await expect
    .poll(() =>
      shop.sql(`select 1 from pg_locks where not granted and relation = 'larder.run_links'::regclass
        and database = (select oid from pg_database where datname = current_database())`),
    )
    .toHaveLength(1);
  await forget(shop, KEY);
  await client.query('commit');
  expect(await feeding).toMatchObject({ keys: ADS });
  await erased(shop);
  expect(await places(shop, KEY)).toEqual([]);
});

test('a key that is erased while its rows flow does not come back in any view of the chain', async ({
  shop,
  chain,
}) => {
  const key = `ad-flow-${newId()}`;
  await chain.seed(
    () => 'slow:20 word',
    () => 2,
  );
  await shop.sql(`
    insert into ads values ('${key}', 'word', '2026-04-01');
    insert into items values ('${key}', 3, '2026-04-01')`);
  shop.materializer();
  shop.materializer();
  await shop.ended(await shop.backfill('catalog@1', { force: true }));
  const words = await shop.backfill('ad_words@1', { force: true });
  await expect
    .poll(() => shop.sql(`select 1 from shop_history.score_v1 where ad_id = '${key}'`), {
      interval: 5,
      timeout: 60_000,
    })
    .not.toEqual([]);
  await forget(shop, key);
  await shop.ended(words);
  await chain.settled();
  // The sources still have it.
  for (const view of ['catalog@1', 'ad_words@1', 'offer@1', 'score@1'])
    await shop.ended(await shop.backfill(view, { force: true }));
  await chain.settled();
  await erased(shop);
  expect(await places(shop, key)).toEqual([]);
  expect(await shop.online('score@1', 'ad-0003')).not.toBeNull();
});
