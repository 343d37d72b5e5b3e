import { systemClock } from '@larder/core';
import type { RememberedErasure } from '@larder/offline-store';
import { expect } from 'vitest';
import { test, type Shop } from '../../fixtures/shop.ts';
import { pushRows } from '../push/index.ts';
import { forgetEntity, type ForgetDeps } from './forget-entity.ts';
import { replayErasures } from './replay-erasures.ts';

const deps = ({ store, onlineStore, logger }: Shop): ForgetDeps => ({
  offlineStore: store,
  onlineStore,
  logger,
  eraseFromArchives: async () => ({ rows: 0, unreachable: [] }),
});

function push(shop: Shop, ids: readonly string[]) {
  return pushRows(
    { ...deps(shop), onlineStore: shop.onlineStore, clock: systemClock },
    {
      manifest: shop.project.manifest,
      view: 'stock',
      rows: ids.map((id) => ({
        article_id: id,
        event_timestamp: new Date().toISOString(),
        price: 1,
        pieces: 1,
        place: 'here',
        sizes: [1, 2],
      })),
    },
  );
}

const forget = (shop: Shop, key: string) =>
  forgetEntity(deps(shop), {
    manifest: shop.project.manifest,
    entity: 'article',
    key,
    actor: 'test',
    reason: null,
  });

/** Takes PostgreSQL back to before these erasures, as a recovery does, with the rows of `back`. */
async function recover(shop: Shop, work: () => Promise<unknown>): Promise<void> {
  await shop.sql(`
    create table kept as select * from shop_history.stock_v1;
    create table counted as select chunk_id, rows_erased from larder.chunks`);
  await work();
  await shop.sql(`
    truncate shop_history.stock_v1; insert into shop_history.stock_v1 select * from kept; drop table kept;
    update larder.chunks c set rows_erased = k.rows_erased from counted k where k.chunk_id = c.chunk_id; drop table counted;
    delete from larder.tombstones; delete from larder.erasures; update larder.erasure_secrets set tombstones = 0`);
}

const held = async (shop: Shop) =>
  (await shop.sql<{ id: string }>('select article_id as id from shop_history.stock_v1 order by 1')).map(
    ({ id }) => id,
  );

const replay = (shop: Shop, remembered: readonly RememberedErasure[]) =>
  replayErasures(deps(shop), {
    manifest: shop.project.manifest,
    remembered,
    actor: 'test',
    reason: 'replayed',
  });

async function rememberedByRedis(shop: Shop): Promise<RememberedErasure[]> {
  const found: RememberedErasure[] = [];
  for await (const page of shop.onlineStore.tombstones())
    for (const { hash, slot, erasedAtMs } of page)
      found.push({ entity: null, keyHash: hash, slot, erasedAtMs });
  return found;
}

test('whoever came back with an older PostgreSQL is erased again, by what Redis remembers, and stays out', async ({
  shop,
}) => {
  await push(shop, ['a', 'b']);
  await recover(shop, async () => {
    await forget(shop, 'a');
    // Not in the history that comes back, but maybe in the source.
    await forget(shop, 'elsewhere');
  });
  expect(await held(shop)).toEqual(['a', 'b']);
  const remembered = await rememberedByRedis(shop);
  expect(remembered).toHaveLength(2);
  expect(await replay(shop, remembered)).toEqual({ lost: 2, erased: 1 });
  expect(await held(shop)).toEqual(['b']);
  const again = await push(shop, ['a', 'elsewhere', 'b']);
  expect(again).toMatchObject({ accepted: 1 });
  expect(await replay(shop, remembered)).toEqual({ lost: 0, erased: 0 });
});

test('by receipts that were kept, when Redis is lost as well; one that was allowed again is left alone', async ({
  shop,
}) => {
  await push(shop, ['c', 'd']);
  const receipts: RememberedErasure[] = [];
  await recover(shop, async () => {
    const { entity, keyHash, requestedAt } = await forget(shop, 'c');
    receipts.push({
      entity,
      keyHash: Buffer.from(keyHash, 'hex'),
      erasedAtMs: requestedAt.getTime(),
      slot: null,
    });
  });
  const returned = await forget(shop, 'd');
  await shop.sql(
    `delete from larder.tombstones; update larder.erasures set allowed_at = now(), allowed_by = 'test' where status = 'complete'`,
  );
  receipts.push({
    entity: 'article',
    keyHash: Buffer.from(returned.keyHash, 'hex'),
    erasedAtMs: returned.requestedAt.getTime(),
    slot: null,
  });
  expect(await replay(shop, receipts)).toEqual({ lost: 1, erased: 1 });
  expect(await held(shop)).not.toContain('c');
  expect(await push(shop, ['c'])).toMatchObject({ accepted: 0 });
});
