import { systemClock } from '@larder/core';
import { listReceipts } from '@larder/offline-store';
import { describe, expect } from 'vitest';
import { test, type Shop } from '../../fixtures/shop.ts';
import { pushRows } from '../push/index.ts';
import { allowEntityAgain } from './allow-entity-again.ts';
import { forgetEntity } from './forget-entity.ts';
import { keepTombstones } from './keep-tombstones.ts';

const KEY = 'back|7';

const of = ({ project }: Shop, key: string) => ({
  manifest: project.manifest,
  entity: 'ad_user',
  key,
  actor: 'test',
  reason: 'asked',
});

const forget = (shop: Shop, key: string) =>
  forgetEntity(
    {
      offlineStore: shop.store,
      onlineStore: shop.onlineStore,
      logger: shop.logger,
      eraseFromArchives: async () => ({ rows: 0, unreachable: [] }),
    },
    of(shop, key),
  );

const allow = (shop: Shop, key: string) =>
  allowEntityAgain({ offlineStore: shop.store, onlineStore: shop.onlineStore }, of(shop, key));

function push({ store: offlineStore, onlineStore, logger, project }: Shop, adId: string) {
  const row = {
    ad_id: adId,
    user_id: 7,
    event_timestamp: '2026-11-01T10:00:00Z',
    clicks: 3,
    spent: 0.5,
    note: null,
  };
  return pushRows(
    { offlineStore, onlineStore, logger, clock: systemClock },
    { manifest: project.manifest, view: 'ad_user_stats', rows: [row] },
  );
}

/** As if the erasures had been made two hours ago. */
const later = (shop: Shop) =>
  shop.sql(`update larder.erasures set completed_at = completed_at - interval '2 hours'`);

describe('a key that is allowed again', () => {
  test('takes new rows, has nothing of what was erased, and the receipt says who allowed it', async ({
    shop,
  }) => {
    await push(shop, 'back');
    await forget(shop, KEY);
    await later(shop);
    expect(await push(shop, 'back')).toMatchObject({ rejected: [{ code: 'ENTITY_ERASED' }] });
    const receipt = await allow(shop, KEY);
    expect(receipt).toMatchObject({ status: 'complete', allowedAgain: { actor: 'test', reason: 'asked' } });
    expect(await shop.onlineStore.inspect('ad_user', KEY)).toBeNull();
    const history = () => shop.sql(`select from shop_history.ad_user_stats_v1 where ad_id = 'back'`);
    expect(await history()).toEqual([]);
    expect(await push(shop, 'back')).toMatchObject({ accepted: 1, rejected: [] });
    expect(await history()).toHaveLength(1);
    expect((await shop.online('ad_user_stats@1', KEY))?.values).toMatchObject({ clicks: 3n });
    // Again, after a process that died in between.
    expect(await allow(shop, KEY)).toEqual(receipt);

    await forget(shop, KEY);
    expect(await push(shop, 'back')).toMatchObject({ rejected: [{ code: 'ENTITY_ERASED' }] });
    const receipts = await listReceipts(shop.store, 'shop', 10);
    expect(receipts.map(({ allowedAgain }) => allowedAgain?.actor ?? null)).toEqual([null, 'test']);
  });

  test('is no loss of tombstones, and one that was lost is noticed after it', async ({ shop }) => {
    const { store: offlineStore, onlineStore, logger } = shop;
    const restored: (number | null)[] = [];
    const turn = keepTombstones({
      projectName: 'shop',
      offlineStore,
      onlineStore: {
        tombstonesHeld: () => onlineStore.tombstonesHeld(),
        async restoreTombstones(all) {
          const swept = await onlineStore.restoreTombstones(all);
          restored.push(swept);
          return swept;
        },
      },
      signal: new AbortController().signal,
      logger,
    });
    for (const key of ['x|1', 'x|2', 'x|3']) await forget(shop, key);
    await later(shop);
    await turn();
    await allow(shop, 'x|1');
    await turn();
    await turn();
    expect(restored).toEqual([]);
    const [row] = await shop.sql<{ tombstones: string }>('select tombstones from larder.erasure_secrets');
    expect((await onlineStore.tombstonesHeld()).count).toBe(Number(row?.tombstones));
  });
});

describe('is not allowed', () => {
  test('a key that was not erased', async ({ shop }) => {
    await expect(allow(shop, 'never|1')).rejects.toMatchObject({ code: 'ERASURE_NOT_FOUND' });
  });

  test('a key while something from before the erasure could still be written', async ({ shop }) => {
    await forget(shop, 'soon|1');
    const refused = (message: RegExp) =>
      expect(allow(shop, 'soon|1')).rejects.toMatchObject({
        code: 'ERASURE_UNFINISHED',
        message: expect.stringMatching(message) as string,
      });
    await refused(/repeat this after 20/);
    await later(shop);
    const runId = await shop.backfill('ad_user_stats');
    await shop.sql(
      `update larder.runs set created_at = now() - interval '3 hours' where run_id = '${runId}'`,
    );
    await refused(new RegExp(`larder runs ${runId} cancel`));
    await shop.sql(
      `update larder.runs set status = 'cancelled', finished_at = now() where run_id = '${runId}'`,
    );

    await shop.sql(`insert into larder.archives (archive_id, project, host, folder)
      values (gen_random_uuid(), 'shop', 'far', '/away')`);
    await shop.sql(`insert into larder.archive_views (archive_id, view, version, entity)
      select archive_id, 'ad_user_stats', 1, 'ad_user' from larder.archives`);
    await shop.sql(`insert into larder.archive_files (archive_id, view, version, path, month, rows, size_bytes)
      select archive_id, 'ad_user_stats', 1, 'x.parquet', '2026-01', 1, 1 from larder.archives`);
    await shop.sql(`update larder.erasures set still_held = '[{"kind":"archive","host":"far","folder":"/away"}]'
      where key_hash = (select key_hash from larder.erasures order by requested_at desc limit 1)`);
    await refused(/archive far:\/away still holds the key; run larder archive there/);
    await shop.sql('update larder.archive_views set erased_until = now()');
    await expect(allow(shop, 'soon|1')).resolves.toMatchObject({ allowedAgain: { actor: 'test' } });
  });
});
