import { systemClock } from '@larder/core';
import { compileValueReader, connectRedis, createOnlineStore, waitForRedis } from '@larder/online-store';
import { projectKeyHasher, pruneWindows } from '@larder/offline-store';
import { startTestRedis } from '@larder/testing';
import { expect, onTestFinished } from 'vitest';
import { test, unique, type Shop } from '../../fixtures/shop.ts';
import { forgetEntity } from '../erasure/index.ts';
import { replayHistory } from '../online/index.ts';
import { createBackfill, getRun } from '../runs/index.ts';
import { createEventGroups, pushEvents } from './index.ts';

const VIEW = 'ad_windows@1';

type Json = Readonly<Record<string, unknown>>;

function event(id: string, adId: string, changed: Json = {}): Json {
  return {
    event_id: id,
    event_timestamp: new Date().toISOString(),
    ad_id: adId,
    kind: 'impression',
    clicks: 1,
    bid: 0.5,
    visitor: 'v1',
    ...changed,
  };
}

function deps(shop: Shop, onlineStore = shop.onlineStore) {
  return { offlineStore: shop.store, onlineStore, clock: systemClock, logger: shop.logger };
}

function push(shop: Shop, events: readonly Json[], more: Json = {}) {
  return pushEvents(deps(shop), { manifest: shop.project.manifest, source: 'ad_events', events, ...more });
}

/** The values of an entity now, read from Redis. */
async function valuesOf(shop: Shop, adId: string): Promise<Record<string, number>> {
  const view = shop.view(VIEW);
  const found = await shop.onlineStore.inspect('ad', adId);
  const field = found?.fields.find(({ viewRef }) => viewRef === VIEW);
  if (field === undefined) return {};
  const names = view.schema.map(({ name }) => name);
  const values = compileValueReader(view, names).read(field.row, Date.now());
  return Object.fromEntries(names.map((name, at) => [name, values[at] as number]));
}

async function changesOf(shop: Shop, runId: string): Promise<unknown[]> {
  return shop.sql(`
    select kind, view, rows from larder.unnumbered_changes where run_id = '${runId}'
    union all select kind, view, rows from larder.changes where run_id = '${runId}' order by 1, 2`);
}

test('events are in the windows online when they are accepted; redelivered ones change nothing', async ({
  shop,
}) => {
  const events = [
    event('e1', 'ad-a', {
      clicks: 2,
      visitor: 'v2',
      event_timestamp: new Date(Date.now() - 1_000).toISOString(),
    }),
    event('e2', 'ad-a', { kind: 'click', bid: 1.5 }),
    event('e3', 'ad-b'),
  ];
  const first = await push(shop, events);
  expect(first).toMatchObject({ accepted: 3, duplicates: 0, rejected: [], online: true });
  const values = { shown_1h: 1, clicks_1h: 3, clicks_7d: 3, bid_1h: 1, last_bid_1h: 1.5, visitors_1h: 2 };
  expect(await valuesOf(shop, 'ad-a')).toMatchObject(values);
  const again = await push(shop, events);
  expect(again).toMatchObject({ accepted: 0, duplicates: 3 });
  expect(await valuesOf(shop, 'ad-a')).toMatchObject(values);
  expect(await getRun(shop.store, 'shop', first.runId)).toMatchObject({
    view: 'ad_events',
    trigger: 'push',
    status: 'succeeded',
    rows: { total: 3, done: 3, failed: 0 },
  });
  expect(await changesOf(shop, first.runId)).toContainEqual({ kind: 'landed', view: 'ad_windows', rows: 2 });
  expect(await changesOf(shop, again.runId)).toEqual([]);
});

test('late, corrected and retracted events repair the windows', async ({ shop }) => {
  const at = new Date(Date.now() - 5_000).toISOString();
  await push(shop, [event('r1', 'ad-r', { event_timestamp: at }), event('r2', 'ad-r', { clicks: 5 })]);
  const late = new Date(Date.now() - 3 * 86_400_000).toISOString();
  await push(shop, [event('r0', 'ad-r', { event_timestamp: late, clicks: 10, bid: 9 })]);
  expect(await valuesOf(shop, 'ad-r')).toMatchObject({ clicks_1h: 6, clicks_7d: 16, last_bid_7d: 0.5 });
  await push(shop, [event('r1', 'ad-r', { event_timestamp: at, clicks: 3 })]);
  expect(await valuesOf(shop, 'ad-r')).toMatchObject({ clicks_1h: 8, clicks_7d: 18, shown_1h: 2 });
  await push(shop, [event('r1', 'ad-other', { event_timestamp: at, clicks: 3 })]);
  expect(await valuesOf(shop, 'ad-r')).toMatchObject({ clicks_1h: 5, shown_1h: 1 });
  expect(await valuesOf(shop, 'ad-other')).toMatchObject({ clicks_1h: 3 });
  const answer = await push(shop, [{ event_id: 'r1', event_timestamp: at, retracted: true }]);
  expect(answer).toMatchObject({ accepted: 1, duplicates: 0 });
  expect(await valuesOf(shop, 'ad-other')).toMatchObject({ clicks_1h: 0, shown_1h: 0 });
  expect(await push(shop, [event('r1', 'ad-r', { event_timestamp: at, clicks: 3 })])).toMatchObject({
    duplicates: 1,
  });
});

test('bad events are rejected one by one, each with what is wrong', async ({ shop }) => {
  const { accepted, rejected } = await push(shop, [
    event('', 'ad-x'),
    event('b1', 'ad-x', { event_timestamp: '2999-01-01T00:00:00Z' }),
    event('b2', 'ad-x', { clicks: 'many', more: 1 }),
    event('b3', null as never),
    event('b4', 'ad-x', { event_timestamp: '1999-01-01T00:00:00Z' }),
    event('b5', 'ad-x', { retracted: 'yes' }),
    event('b6', 'ad-x'),
    event('b7', 'ad-x', { clicks: 1e300 }),
  ]);
  expect(accepted).toBe(1);
  expect(
    rejected.map(({ index, code, errors }) => [index, code, errors.map(({ pointer }) => pointer)]),
  ).toEqual([
    [0, 'REQUEST_INVALID', ['/events/0/event_id']],
    [1, 'EVENT_TIMESTAMP_IN_FUTURE', ['/events/1/event_timestamp']],
    [2, 'REQUEST_INVALID', ['/events/2/clicks', '/events/2/more']],
    [3, 'REQUEST_INVALID', ['/events/3/ad_id']],
    [4, 'EVENT_TIMESTAMP_TOO_OLD', ['/events/4/event_timestamp']],
    [5, 'REQUEST_INVALID', ['/events/5/retracted']],
    [7, 'REQUEST_INVALID', ['/events/7/clicks']],
  ]);
  await expect(
    pushEvents(deps(shop), { manifest: shop.project.manifest, source: 'nothing', events: [] }),
  ).rejects.toMatchObject({ code: 'EVENT_SOURCE_NOT_FOUND' });
});

test('the same Idempotency-Key gives the same answer; batches at the same time share runs', async ({
  shop,
}) => {
  const groups = createEventGroups(deps(shop));
  const request = { manifest: shop.project.manifest, source: 'ad_events', sizeBytes: 100 };
  const then = { event_timestamp: '2026-11-01T00:00:00Z' };
  const events = [event('k1', 'ad-k', then), event('k1', 'ad-k', then), event('k2', 'ad-k', then)];
  const key = unique();
  const answers = await Promise.all([
    ...Array.from({ length: 3 }, () => groups.push({ ...request, events, idempotencyKey: key })),
    ...Array.from({ length: 20 }, (_, at) => groups.push({ ...request, events: [event(`g${at}`, 'ad-g')] })),
  ]);
  const [first] = answers;
  for (const answer of answers.slice(0, 3))
    expect(answer).toMatchObject({ accepted: 2, duplicates: 1, runId: first?.runId });
  expect(new Set(answers.map(({ runId }) => runId)).size).toBeLessThan(12);
  await groups.close();
  expect(await valuesOf(shop, 'ad-g')).toMatchObject({ clicks_1h: 20 });
  await expect(push(shop, [event('k9', 'ad-k')], { idempotencyKey: key })).rejects.toMatchObject({
    code: 'IDEMPOTENCY_KEY_REUSED',
  });
});

test('a worker writes the tiles online when the process that landed the events died before', async ({
  shop,
}) => {
  const dead = await startTestRedis();
  const connection = connectRedis(dead.url, { role: 'worker', commandTimeoutMs: 2_000 });
  await waitForRedis(connection, 30_000);
  await dead.stop();
  const onlineStore = createOnlineStore({
    redis: connection,
    project: 'shop',
    keyHasher: () => projectKeyHasher(shop.store, 'shop'),
  });
  onTestFinished(() => connection.disconnect());
  const { runId, online } = await pushEvents(deps(shop, onlineStore), {
    manifest: shop.project.manifest,
    source: 'ad_events',
    events: [event('w1', 'ad-w', { clicks: 7 })],
  });
  expect(online).toBe(false);
  expect(await valuesOf(shop, 'ad-w')).toEqual({});
  await shop.sql(`update larder.chunks set lease_expires_at = now() where run_id = '${runId}'`);
  const worker = shop.materializer();
  expect(await shop.ended(runId)).toMatchObject({ status: 'succeeded' });
  expect(await valuesOf(shop, 'ad-w')).toMatchObject({ clicks_1h: 7 });
  await worker.stop({ deadlineMs: 1_000 });
});

test('a row that the online store lost comes back with the next event, whole', async ({ shop }) => {
  const redis = connectRedis(shop.redisUrl, { role: 'worker' });
  onTestFinished(() => redis.disconnect());
  const old = new Date(Date.now() - 2 * 86_400_000).toISOString();
  await push(shop, [event('l1', 'ad-l', { event_timestamp: old, clicks: 4 })]);
  await redis.del('larder:shop:{ad:ad-l}');
  await push(shop, [event('l2', 'ad-l')]);
  expect(await valuesOf(shop, 'ad-l')).toMatchObject({ clicks_1h: 1, clicks_7d: 5 });
});

test('a whole view is written again from its tiles, beside events that arrive', async ({ shop }) => {
  const redis = connectRedis(shop.redisUrl, { role: 'worker' });
  onTestFinished(() => redis.disconnect());
  const old = new Date(Date.now() - 2 * 86_400_000).toISOString();
  const ads = Array.from({ length: 700 }, (_, at) => `ad-again-${at}`);
  for (const [id, more] of [
    ['o', { event_timestamp: old, clicks: 4 }],
    ['n', {}],
  ] as const)
    await push(
      shop,
      ads.map((ad) => event(`${id}-${ad}`, ad, more)),
    );
  await redis.flushall();
  const { store, onlineStore } = shop;
  const replayed = replayHistory({
    store,
    onlineStore,
    manifest: shop.project.manifest,
    view: shop.view(VIEW),
  });
  for (let at = 0; at < 5; at++) await push(shop, [event(`beside-${at}`, 'ad-again-699', { clicks: 100 })]);
  await replayed;
  for (const ad of ['ad-again-0', 'ad-again-350'])
    expect(await valuesOf(shop, ad)).toMatchObject({ clicks_1h: 1, clicks_7d: 5, shown_7d: 2 });
  expect(await valuesOf(shop, 'ad-again-699')).toMatchObject({ clicks_1h: 501, clicks_7d: 505, shown_7d: 7 });
  // again, it changes nothing
  await replayHistory({ store, onlineStore, manifest: shop.project.manifest, view: shop.view(VIEW) });
  expect(await valuesOf(shop, 'ad-again-699')).toMatchObject({ clicks_1h: 501, clicks_7d: 505 });
});

test('the past of a source is backfilled from its query, beside events that arrive', async ({ shop }) => {
  await shop.sql(`
    insert into past_events
    select 'p' || n, now() - n * interval '1 hour', 'ad-' || n % 7, 'impression', n, 1, 'v' || n % 3
    from generate_series(1, 100) n`);
  shop.materializer();
  const { runId } = await createBackfill(shop.store, {
    manifest: shop.project.manifest,
    view: 'ad_events',
    scope: { all: true },
  });
  await push(shop, [event('now', 'ad-3', { clicks: 1_000 })]);
  expect(await shop.ended(runId)).toMatchObject({
    status: 'succeeded',
    rows: { total: 100, done: 100, failed: 0 },
  });
  const [wanted] = await shop.sql<{ clicks: number }>(
    `select sum(clicks)::int as clicks from past_events where ad_id = 'ad-3'`,
  );
  expect((await valuesOf(shop, 'ad-3'))['clicks_7d']).toBe(1_000 + (wanted?.clicks ?? 0));
  const { runId: again } = await createBackfill(shop.store, {
    manifest: shop.project.manifest,
    view: 'ad_events',
    scope: { all: true },
  });
  expect(await shop.ended(again)).toMatchObject({
    status: 'succeeded',
    rows: { done: 0, skippedUnchanged: 100 },
  });
});

test('the tiles of a view are built from the events, beside events that arrive', async ({ shop }) => {
  await push(
    shop,
    Array.from({ length: 300 }, (_, at) => event(`t${at}`, `ad-t${at % 50}`)),
  );
  await shop.sql('truncate shop_history.ad_windows_v1_tiles');
  await shop.sql('update larder.windowed_views set built_at = null');
  const redis = connectRedis(shop.redisUrl, { role: 'worker' });
  onTestFinished(() => redis.disconnect());
  await redis.flushall();
  // a worker starts the build by itself
  shop.materializer();
  const open = () =>
    shop.sql<{ run_id: string }>(
      `select run_id from larder.runs where view = 'ad_windows' order by created_at desc`,
    );
  await expect.poll(open, { timeout: 60_000 }).not.toEqual([]);
  const [{ run_id: runId } = { run_id: '' }] = await open();
  let pushed = 0;
  const arriving = (async () => {
    while ((await getRun(shop.store, 'shop', runId)).finishedAt === null)
      await push(shop, [event(`during${pushed++}`, 'ad-t7')]);
  })();
  expect(await shop.ended(runId)).toMatchObject({ status: 'succeeded' });
  await arriving;
  expect(await valuesOf(shop, 'ad-t7')).toMatchObject({ clicks_1h: 6 + pushed });
  expect(await valuesOf(shop, 'ad-t8')).toMatchObject({ clicks_1h: 6 });
  expect(
    await shop.sql(
      "select built_at is not null as built from larder.windowed_views where view = 'ad_windows'",
    ),
  ).toEqual([{ built: true }]);
});

test('a forgotten key leaves no event and no tile, and takes none', async ({ shop }) => {
  await push(shop, [event('f1', 'ad-f'), event('f2', 'ad-f'), event('f3', 'ad-stays')]);
  const receipt = await forgetEntity(
    {
      offlineStore: shop.store,
      onlineStore: shop.onlineStore,
      eraseFromArchives: async () => ({ rows: 0, unreachable: [] }),
      logger: shop.logger,
    },
    { manifest: shop.project.manifest, entity: 'ad', key: 'ad-f', actor: 'test', reason: null },
  );
  expect(receipt.status).toBe('complete');
  const left = await shop.sql<{ ads: string[]; keys: string[] }>(`
    select (select array_agg(distinct ad_id) from shop_history.ad_events_events where ad_id in ('ad-f', 'ad-stays')) as ads,
      (select array_agg(distinct entity_key) from shop_history.ad_windows_v1_tiles
        where entity_key in ('ad-f', 'ad-stays')) as keys`);
  expect(left).toEqual([{ ads: ['ad-stays'], keys: ['ad-stays'] }]);
  expect(await push(shop, [event('f4', 'ad-f')])).toMatchObject({
    accepted: 0,
    rejected: [{ index: 0, code: 'ENTITY_ERASED' }],
  });
});

test('tiles that no window reaches are deleted, and the others stay', async ({ shop }) => {
  const source = shop.project.manifest.event_sources?.['ad_events'];
  if (source === undefined) throw new Error('The fixture has the source.');
  await push(shop, [event('p1', 'ad-p')]);
  const before = await shop.sql('select count(*)::int as tiles from shop_history.ad_windows_v1_tiles');
  await shop.sql(`
    insert into shop_history.ad_windows_v1_tiles
    select 'ad-p', w, 5, 1, 0, 0, 1, '{0,0,0,0,null}' from generate_series(0, 2) w`);
  expect(await pruneWindows(shop.store, 'shop', source)).toEqual({
    source: 'ad_events',
    partitions: [],
    tiles: 3,
  });
  expect(await shop.sql('select count(*)::int as tiles from shop_history.ad_windows_v1_tiles')).toEqual(
    before,
  );
});
