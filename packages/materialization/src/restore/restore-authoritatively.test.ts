import { systemClock } from '@larder/core';
import { connectRedis, type Redis } from '@larder/online-store';
import { expect, onTestFinished } from 'vitest';
import { test, type Shop } from '../../fixtures/shop.ts';
import { wrongOnlineRows } from '../../fixtures/wrong-online-rows.ts';
import { forgetEntity } from '../erasure/index.ts';
import { pushEvents } from '../events/index.ts';
import { pushRows } from '../push/index.ts';
import { restoreAuthoritatively } from './restore-authoritatively.ts';

const pushing = ({ store: offlineStore, onlineStore, logger }: Shop) => ({
  offlineStore,
  onlineStore,
  logger,
  clock: systemClock,
});

function push(shop: Shop, rows: readonly { readonly id: string; readonly pieces: number }[]) {
  return pushRows(pushing(shop), {
    manifest: shop.project.manifest,
    view: 'stock',
    rows: rows.map(({ id, pieces }) => ({
      article_id: id,
      event_timestamp: new Date().toISOString(),
      price: 1,
      pieces,
      place: 'here',
      sizes: [1, 2],
    })),
  });
}

const click = (shop: Shop, id: string) =>
  pushEvents(pushing(shop), {
    manifest: shop.project.manifest,
    source: 'ad_events',
    events: [
      {
        event_id: id,
        event_timestamp: new Date().toISOString(),
        ad_id: 'ad-1',
        kind: 'impression',
        clicks: 1,
        bid: 1,
        visitor: id,
      },
    ],
  });

function open(url: string): Redis {
  const redis = connectRedis(url, { role: 'worker' });
  onTestFinished(() => redis.disconnect());
  return redis;
}

function restore(
  shop: Shop,
  more: {
    confirm?: () => Promise<boolean>;
    applied?: () => Promise<Shop['project']['manifest']>;
    eraseFirst?: () => Promise<unknown>;
  } = {},
) {
  const { store, onlineStore, project } = shop;
  return restoreAuthoritatively(
    {
      store,
      onlineStore,
      manifest: project.manifest,
      applied: more.applied ?? (async () => project.manifest),
      signal: new AbortController().signal,
      onRemark() {},
    },
    {
      views: Object.values(project.manifest.feature_views),
      everything: true,
      nowMs: Date.now(),
      confirm: more.confirm ?? (async () => false),
      ...(more.eraseFirst && { eraseFirst: more.eraseFirst }),
    },
  );
}

/** Takes PostgreSQL back to before these pushes, as a recovery does. */
async function forgetLanded(shop: Shop, revision: number): Promise<void> {
  await shop.sql(`delete from shop_history.stock_v1 where revision >= ${revision}`);
  await shop.sql(`delete from larder.runs where revision >= ${revision}`);
  await shop.sql(`select setval(pg_get_serial_sequence('larder.runs', 'revision'), ${revision - 1})`);
}

const revisionOf = async (shop: Shop, runId: string) =>
  (await shop.sql<{ revision: number }>(`select revision from larder.runs where run_id = '${runId}'`))[0]
    ?.revision as number;

test('rows that history does not know go, older ones come back, and what lands afterwards is newer', async ({
  shop,
}) => {
  const redis = open(shop.redisUrl);
  const many = Array.from({ length: 500 }, (_, at) => ({ id: `s${at}`, pieces: 1 }));
  await push(shop, many);
  const lost = await push(shop, [
    ...many.slice(0, 100).map(({ id }) => ({ id, pieces: 2 })),
    { id: 'new', pieces: 2 },
  ]);
  const tile = await click(shop, 'kept');
  expect(tile.accepted).toBe(1);
  const row = await redis.hgetBuffer('larder:shop:{ad:ad-1}', 'ad_windows@1');
  await forgetLanded(shop, await revisionOf(shop, lost.runId));
  // Rows of a view and of an entity that the registry no longer knows, and a name that is reserved.
  await redis.hset('larder:shop:{article:s1}', 'later@1', 'bytes', '!reserved', 'x');
  await redis.hset('larder:shop:{ghost:g}', 'later@1', 'bytes');
  await redis.hset('larder:shop:{article:s2}', 'stock@1', 'damaged');

  const report = await restore(shop);
  expect(report).toMatchObject({ jumped: true, removed: { 'stock@1': 101, 'later@1': 2 } });
  expect(await wrongOnlineRows(shop.store, redis, shop.project.manifest)).toMatchObject({
    wrong: ['unknown to history: {article:s1} !reserved'],
  });
  await redis.hdel('larder:shop:{article:s1}', '!reserved');
  expect(await redis.exists('larder:shop:{article:new}', 'larder:shop:{ghost:g}')).toBe(0);
  expect(await redis.hgetBuffer('larder:shop:{ad:ad-1}', 'ad_windows@1')).toEqual(row);

  const again = await push(shop, [{ id: 's0', pieces: 7 }]);
  expect(await revisionOf(shop, again.runId)).toBeGreaterThan(1_000_000);
  expect((await shop.online('stock@1', 's0'))?.values).toMatchObject({ pieces: 7 });
  const quiet = await restore(shop);
  expect(quiet).toMatchObject({ jumped: false, removed: {} });
});

test('windows lose the events that PostgreSQL lost, and count those that come afterwards', async ({
  shop,
}) => {
  const redis = open(shop.redisUrl);
  const [table] = await shop.sql<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables where tablename like 'ad\\_windows%tiles'`,
  );
  const before = await shop.sql(`select to_jsonb(t) as row from ${table?.name} t`);
  const bytes = await redis.hgetBuffer('larder:shop:{ad:ad-1}', 'ad_windows@1');
  await click(shop, 'lost-1');
  await click(shop, 'lost-2');
  expect(await redis.hgetBuffer('larder:shop:{ad:ad-1}', 'ad_windows@1')).not.toEqual(bytes);
  await shop.sql(`truncate ${table?.name}`);
  await shop.store.pool.query(
    `insert into ${table?.name} select r.* from jsonb_array_elements($1::jsonb) e, jsonb_populate_record(null::${table?.name}, e -> 'row') r`,
    [JSON.stringify(before)],
  );
  expect(await restore(shop)).toMatchObject({ removed: { 'ad_windows@1': 1 } });
  expect(await redis.hgetBuffer('larder:shop:{ad:ad-1}', 'ad_windows@1')).toEqual(bytes);
});

test('an empty history, and a view that is applied meanwhile, are not taken for the truth', async ({
  shop,
}) => {
  const redis = open(shop.redisUrl);
  await shop.sql(`create table kept as select * from shop_history.stock_v1; truncate shop_history.stock_v1`);
  const doubts: string[] = [];
  const keys = await redis.dbsize();
  await expect(
    restore(shop, {
      confirm: async (...told: unknown[]) => {
        doubts.push(...(told[0] as string[]));
        return false;
      },
    }),
  ).rejects.toMatchObject({ code: 'DESTRUCTIVE_CHANGE' });
  expect(doubts.join('\n')).toMatch(/stock@1: history is empty, and Redis has 500 rows/);
  expect(await redis.dbsize()).toBe(keys);
  await shop.sql(`insert into shop_history.stock_v1 select * from kept`);

  const { manifest } = shop.project;
  const { 'stock@1': hidden, ...others } = manifest.feature_views;
  expect(hidden).toBeDefined();
  let asked = 0;
  const applied = async () => (asked++ === 0 ? { ...manifest, feature_views: others } : manifest);
  expect(await restore(shop, { applied })).toMatchObject({ removed: {} });
  expect(await wrongOnlineRows(shop.store, redis, manifest)).toMatchObject({ wrong: [] });
});

test('who is erased again is not online for a moment', async ({ shop }) => {
  const redis = open(shop.redisUrl);
  await push(shop, [{ id: 'back', pieces: 1 }]);
  await redis.flushall();
  const { store: offlineStore, onlineStore, logger, project } = shop;
  let online = -1;
  await restore(shop, {
    async eraseFirst() {
      online = await redis.exists('larder:shop:{article:back}', 'larder:shop:{article:s1}');
      await forgetEntity(
        { offlineStore, onlineStore, logger, eraseFromArchives: async () => ({ rows: 0, unreachable: [] }) },
        { manifest: project.manifest, entity: 'article', key: 'back', actor: 'test', reason: null },
      );
    },
  });
  expect(online).toBe(0);
  expect(await redis.exists('larder:shop:{article:back}')).toBe(0);
  expect(await wrongOnlineRows(shop.store, redis, project.manifest)).toMatchObject({ wrong: [] });
});

test('nothing that lands while rows are removed is lost', async ({ shop }) => {
  const redis = open(shop.redisUrl);
  const ids = Array.from({ length: 500 }, (_, at) => `s${at}`);
  const lost = await push(
    shop,
    ids.slice(0, 200).map((id) => ({ id, pieces: 3 })),
  );
  await forgetLanded(shop, await revisionOf(shop, lost.runId));
  const running = { is: true };
  const restored = restore(shop, { confirm: async () => true }).finally(() => (running.is = false));
  for (let pieces = 10; running.is; pieces++)
    await push(
      shop,
      ids.slice(0, 150).map((id) => ({ id, pieces })),
    );
  await restored;
  expect(await wrongOnlineRows(shop.store, redis, shop.project.manifest)).toMatchObject({ wrong: [] });
});
