import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { systemClock } from '@larder/core';
import { joinInPostgresql, type PointInTimeJoin } from '@larder/offline-store';
import { compileValueReader } from '@larder/online-store';
import { expect } from 'vitest';
import { ADS, test } from '../../fixtures/chains.ts';
import type { Shop } from '../../fixtures/shop.ts';
import { forgetEntity } from '../erasure/forget-entity.ts';
import { pushEvents } from '../events/index.ts';
import { runGraph } from '../runs/index.ts';
import { syncSchedulesIn } from '../schedules/index.ts';

const HOUR_MS = 3_600_000;
const READ = ['shown_1h', 'clicks_7d', 'bid_7d', 'visitors_7d'] as const;

type Values = Readonly<Record<string, number | null>>;

let events = 0;

/** One event for each of the ads, so many hours ago. */
async function push(shop: Shop, ads: readonly string[], { clicks = 1, hours = 0 } = {}): Promise<void> {
  const { manifest } = shop.project;
  const deps = {
    offlineStore: shop.store,
    onlineStore: shop.onlineStore,
    clock: systemClock,
    logger: shop.logger,
  };
  const { rejected } = await pushEvents(deps, {
    manifest,
    source: 'ad_events',
    events: ads.map((ad) => ({
      event_id: `e${events++}`,
      event_timestamp: new Date(Date.now() - hours * HOUR_MS).toISOString(),
      ad_id: ad,
      kind: 'impression',
      clicks,
      bid: clicks / 2,
      visitor: `v${events % 3}`,
    })),
  });
  expect(rejected).toEqual([]);
}

/** What a reader of the windowed view gets at an instant. */
async function served(shop: Shop, ad: string, atMs: number): Promise<Values> {
  const found = await shop.onlineStore.inspect('ad', ad);
  const field = found?.fields.find(({ viewRef }) => viewRef === 'ad_windows@1');
  if (field === undefined) return { shown_1h: 0, clicks_7d: 0, bid_7d: null, visitors_7d: 0 };
  const values = compileValueReader(shop.view('ad_windows@1'), READ).read(field.row, atMs);
  return Object.fromEntries(READ.map((name, at) => [name, values[at] as number | null]));
}

interface Row extends Record<string, unknown> {
  readonly ad_id: string;
  readonly event_ms: number;
  readonly created_ms: number;
}

/** Newest rows that are not gone. */
async function newestRows(shop: Shop, view: string): Promise<Map<string, Row>> {
  const features = shop.view(`${view}@1`).schema.map(({ name }) => name);
  const ms = (column: string) => `(extract(epoch from ${column}) * 1000)::float8`;
  const rows = await shop.sql<Row>(`
    select ad_id, ${ms('event_timestamp')} as event_ms, ${ms('created_timestamp')} as created_ms, ${features.join(', ')} from (
      select distinct on (ad_id) * from shop_history.${view}_v1
      order by ad_id, event_timestamp desc, created_timestamp desc, revision desc) newest where not is_gone`);
  return new Map(rows.map((row) => [row.ad_id, row]));
}

async function createdMs(shop: Shop, runId: string): Promise<number> {
  const rows = await shop.sql<{ created_at: Date }>(
    `select created_at from larder.runs where run_id = '${runId}'`,
  );
  return (rows[0] as { created_at: Date }).created_at.getTime();
}

const runsOf = (shop: Shop, view: string) =>
  shop.sql<{ run_id: string; trigger: string }>(
    `select run_id, trigger from larder.runs where view = '${view}' order by revision`,
  );

test('a run has the windows as they were served when it was created, however late it reads them', async ({
  shop,
  chain,
}) => {
  await chain.seed(
    () => 'word',
    () => 5,
  );
  const worker = shop.materializer();
  await shop.ended(await shop.backfill('catalog@1'));
  await chain.settled();
  await worker.stop({ deadlineMs: 5_000 });
  await push(shop, ['ad-0001', 'ad-0002', 'ad-0001'], { clicks: 3 });
  await push(shop, ['ad-0002', 'ad-0003'], { clicks: 4, hours: 30 });
  await push(shop, ['ad-0003'], { clicks: 9, hours: 400 });

  const runId = await shop.backfill('ad_day@1');
  const atMs = await createdMs(shop, runId);
  const wanted = new Map<string, Values>();
  for (const ad of ['ad-0001', 'ad-0002', 'ad-0003', 'ad-0004']) wanted.set(ad, await served(shop, ad, atMs));
  await push(shop, ['ad-0001', 'ad-0004'], { clicks: 100 });
  await push(shop, ['ad-0002'], { clicks: 100, hours: 3 });
  shop.materializer();
  expect(await shop.ended(runId)).toMatchObject({ status: 'succeeded', rows: { done: ADS } });

  const rows = await newestRows(shop, 'ad_day');
  for (const [ad, values] of wanted) {
    expect(rows.get(ad)).toMatchObject({ ...values, price: 5, event_ms: atMs, created_ms: atMs });
    expect((await shop.online('ad_day@1', ad))?.values).toEqual({ ...values, price: 5 });
  }
  expect(wanted.get('ad-0001')).toEqual({ shown_1h: 2, clicks_7d: 6, bid_7d: 1.5, visitors_7d: 2 });
  expect(wanted.get('ad-0004')).toEqual({ shown_1h: 0, clicks_7d: 0, bid_7d: null, visitors_7d: 0 });
});

test('events set off no run; rows of a plain parent do, with the windows of that moment', async ({
  shop,
  chain,
}) => {
  shop.materializer();
  await chain.settled();
  const before = { day: await runsOf(shop, 'ad_day'), pace: await runsOf(shop, 'ad_pace') };
  await push(shop, ['ad-0005'], { clicks: 7 });
  await chain.settled();
  expect({ day: await runsOf(shop, 'ad_day'), pace: await runsOf(shop, 'ad_pace') }).toEqual(before);
  expect(
    await shop.sql(
      `select view from larder.chains where view in ('ad_day', 'ad_pace', 'ad_seen') order by view`,
    ),
  ).toEqual([{ view: 'ad_day' }, { view: 'ad_seen' }]);

  await shop.sql(
    `update items set price = 6, updated_at = updated_at + interval '1 hour' where ad_id = 'ad-0005'`,
  );
  const catalog = await shop.backfill('catalog@1');
  await shop.ended(catalog);
  const [fed] = await chain.fedBy(catalog, 'ad_day');
  expect(await shop.ended(fed as string)).toMatchObject({
    trigger: 'chain',
    status: 'succeeded',
    rows: { total: 1, done: 1 },
  });
  const row = (await newestRows(shop, 'ad_day')).get('ad-0005');
  expect(row).toMatchObject({ price: 6, clicks_7d: 7 });
  expect(row?.event_ms).toBeGreaterThanOrEqual(await createdMs(shop, catalog));
  expect(row?.created_ms).toBe(row?.event_ms);
  const graph = await runGraph(shop.store, 'shop', catalog);
  expect(graph.links).toContainEqual({ parentRunId: catalog, runId: fed });
  expect(graph.runs.map(({ view }) => view).toSorted()).toEqual(['ad_day', 'ad_seen', 'catalog', 'offer']);
});

test('a run over all rows reads the keys of the plain parents, and with any those that have events alone', async ({
  shop,
  chain,
}) => {
  shop.materializer();
  // 400 hours ago is in none of the windows: such a row is needed to bring an older one back to 0
  await push(shop, ['only-old'], { clicks: 2, hours: 400 });
  await push(shop, ['only-event'], { clicks: 2 });
  for (const view of ['ad_day@1', 'ad_seen@1', 'ad_pace@1'])
    expect(await shop.ended(await shop.backfill(view))).toMatchObject({ status: 'succeeded' });
  await chain.settled();
  const [day, seen, pace] = [
    await newestRows(shop, 'ad_day'),
    await newestRows(shop, 'ad_seen'),
    await newestRows(shop, 'ad_pace'),
  ];
  expect([day.size, day.has('only-event')]).toEqual([ADS, false]);
  expect(seen.size).toBe(ADS + 2);
  expect(seen.get('only-event')).toMatchObject({ price: null, clicks_7d: 2 });
  expect(seen.get('only-old')).toMatchObject({ price: null, clicks_7d: 0 });
  expect(seen.get('ad-0009')).toMatchObject({ price: 5, clicks_7d: 0 });
  const [known = { keys: 0 }] = await shop.sql<{ keys: number }>(
    'select count(distinct ad_id)::integer as keys from shop_history.ad_events_events',
  );
  expect(pace.size).toBe(known.keys);
  expect(pace.get('only-event')).toMatchObject({ pace: 2_001 });

  const named = (ad: string) => ({ scope: { entities: [{ ad_id: ad }] }, force: true }) as const;
  const notThere = { status: 'failed', rows: { done: 0, failed: 1 } };
  expect(await shop.ended(await shop.backfill('ad_day@1', named('only-event')))).toMatchObject(notThere);
  expect(await shop.ended(await shop.backfill('ad_seen@1', named('nobody')))).toMatchObject(notThere);
  expect(await shop.ended(await shop.backfill('ad_seen@1', named('only-event')))).toMatchObject({
    status: 'succeeded',
  });
  expect(await shop.ended(await shop.backfill('ad_pace@1', named('nobody')))).toMatchObject({
    status: 'succeeded',
  });
});

test('a key that every plain parent ended is ended, unless it has events', async ({ shop, chain }) => {
  shop.materializer();
  await shop.sql(`delete from items where ad_id in ('ad-0001', 'ad-0020')`);
  await shop.ended(await shop.backfill('catalog@1'));
  await chain.settled();
  const day = await newestRows(shop, 'ad_day');
  const seen = await newestRows(shop, 'ad_seen');
  expect([day.has('ad-0001'), day.has('ad-0020'), seen.has('ad-0020')]).toEqual([false, false, false]);
  expect(seen.get('ad-0001')).toMatchObject({ price: null });
});

test('a schedule computes all rows again, and an older instant never wins over a newer one', async ({
  shop,
  chain,
}) => {
  const worker = shop.materializer();
  await chain.settled();
  await worker.stop({ deadlineMs: 5_000 });
  const early = await shop.backfill('ad_day@1', { priority: 0 });
  await push(shop, ['ad-0007'], { clicks: 11 });
  const { manifest } = shop.project;
  const day = { ...shop.view('ad_day@1'), schedule: '0 4 * * *' };
  await shop.store.transaction((tx) =>
    syncSchedulesIn(tx, { ...manifest, feature_views: { ...manifest.feature_views, 'ad_day@1': day } }),
  );
  await shop.sql(
    `update larder.schedules set due_at = date_trunc('minute', now() - interval '1 second') where view = 'ad_day'`,
  );
  shop.materializer();
  const scheduled = async () => (await runsOf(shop, 'ad_day')).find(({ trigger }) => trigger === 'schedule');
  await expect.poll(scheduled, { timeout: 60_000 }).toBeDefined();
  for (const runId of [early, (await scheduled())?.run_id as string])
    expect(await shop.ended(runId)).toMatchObject({ status: 'succeeded' });
  expect((await newestRows(shop, 'ad_day')).get('ad-0007')).toMatchObject({ clicks_7d: 11 });
  expect((await shop.online('ad_day@1', 'ad-0007'))?.values).toMatchObject({ clicks_7d: 11 });
  // a training set has the row of the run before each moment
  const atMs = await createdMs(shop, early);
  const clicks = shop.view('ad_day@1').schema.filter(({ name }) => name === 'clicks_7d');
  const join: PointInTimeJoin = {
    project: manifest,
    entity: manifest.entities['ad'] as PointInTimeJoin['entity'],
    views: [{ view: shop.view('ad_day@1'), features: clicks, ttlMs: 'forever' }],
    cutOff: 'created',
    landedBefore: new Date(Date.now() + 1_000),
  };
  const spine = [atMs, Date.now()].map((ms, row) => `${row},${ms}000,ad-0007\n`);
  const joined = (await text(joinInPostgresql(shop.store, join, Readable.from(spine)))).trimEnd().split('\n');
  expect(joined.map((line) => Number(line.split(',').at(-1)))).toEqual([0, 11]);
  expect(joined[0]?.split(',')[2]).toBe(String(atMs));
});

test('an erased key does not come back with the next run', async ({ shop, chain }) => {
  const worker = shop.materializer();
  await push(shop, ['forgotten'], { clicks: 1 });
  for (const view of ['ad_seen@1', 'ad_pace@1']) await shop.ended(await shop.backfill(view));
  expect((await newestRows(shop, 'ad_pace')).has('forgotten')).toBe(true);
  await worker.stop({ deadlineMs: 5_000 });
  const waiting = await shop.backfill('ad_pace@1');
  await forgetEntity(
    {
      offlineStore: shop.store,
      onlineStore: shop.onlineStore,
      logger: shop.logger,
      eraseFromArchives: async () => ({ rows: 0, unreachable: [] }),
    },
    { manifest: shop.project.manifest, entity: 'ad', key: 'forgotten', actor: 'test', reason: null },
  );
  shop.materializer();
  for (const runId of [waiting, await shop.backfill('ad_seen@1')])
    expect(await shop.ended(runId)).toMatchObject({ status: 'succeeded' });
  await chain.settled();
  for (const view of ['ad_seen', 'ad_pace']) {
    expect((await newestRows(shop, view)).has('forgotten')).toBe(false);
    expect(await shop.online(`${view}@1`, 'forgotten')).toBeNull();
  }
});
