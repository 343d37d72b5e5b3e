import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { systemClock } from '@larder/core';
import { joinInPostgresql, type PointInTimeJoin } from '@larder/offline-store';
import { readOnlineFeatures } from '@larder/serving';
import { expect } from 'vitest';
import { test, type Shop } from '../../fixtures/shop.ts';
import { forgetEntity } from '../erasure/index.ts';
import { createEventGroups, pushEvents } from './index.ts';

type Json = Readonly<Record<string, unknown>>;

function visit(id: string, changed: Json = {}): Json {
  return {
    event_id: id,
    event_timestamp: new Date(Date.now() - 1_000).toISOString(),
    article_id: 'article-a',
    kind: 'impression',
    clicks: 1,
    visitor: 'v1',
    ...changed,
  };
}

const deps = ({ store: offlineStore, onlineStore, logger }: Shop) => ({
  offlineStore,
  onlineStore,
  clock: systemClock,
  logger,
});

const push = (shop: Shop, events: readonly Json[]) =>
  pushEvents(deps(shop), { manifest: shop.project.manifest, source: 'visits', events });

/** The features of the view as served now. */
async function served(shop: Shop, view = 'traffic'): Promise<Record<string, unknown>> {
  const { features, rows } = await readOnlineFeatures(
    { onlineStore: shop.onlineStore, manifest: shop.project.manifest, clock: systemClock },
    { features: [view], entities: [{}] },
  );
  return Object.fromEntries(features.map((ref, at) => [ref.split(':')[1], rows[0]?.values[at]]));
}

/** The same from history, at an instant, as served by then. */
async function rebuilt(shop: Shop, atMs: number): Promise<Record<string, unknown>> {
  const view = shop.view('traffic@1');
  const join: PointInTimeJoin = {
    project: shop.project.manifest,
    entity: shop.project.manifest.entities['everywhere'] as PointInTimeJoin['entity'],
    views: [{ view, features: view.schema, ttlMs: 'forever' }],
    cutOff: 'online',
    landedBefore: new Date(Date.now() + 60_000),
  };
  const csv = await text(joinInPostgresql(shop.store, join, Readable.from([`0,${atMs}000,everywhere\n`])));
  const [, status, , , , ...values] = csv.trimEnd().split(',');
  expect(status).toBe('1');
  return Object.fromEntries(view.schema.map(({ name }, at) => [name, Number(values[at])]));
}

test('events of all articles are in the windows of an entity without join keys, as history has them', async ({
  shop,
}) => {
  expect(await served(shop)).toMatchObject({ shown_1h: 0, clicks_1h: 0 });
  await push(shop, [
    visit('a', { clicks: 2 }),
    visit('b', { article_id: 'article-b', clicks: 3, visitor: 'v2' }),
  ]);
  // neither corrected from one article to another nor sent again is counted twice
  const moved = visit('c', { clicks: 100 });
  await push(shop, [moved]);
  await push(shop, [{ ...moved, article_id: 'article-b', clicks: 10 }, visit('d', { clicks: 1_000 })]);
  await push(shop, [{ ...moved, article_id: 'article-b', clicks: 10 }]);
  const late = visit('late', {
    event_timestamp: new Date(Date.now() - 30 * 60_000).toISOString(),
    kind: 'click',
    visitor: 'v3',
  });
  const { rejected } = await push(shop, [late]);
  expect(rejected).toEqual([]);
  const d = await shop.sql<{ at: Date }>(
    `select event_timestamp as at from shop_history.visits_events where event_id = 'd'`,
  );
  await push(shop, [{ event_id: 'd', event_timestamp: d[0]?.at.toISOString(), retracted: true }]);
  const online = await served(shop);
  expect(online).toMatchObject({ shown_1h: 3, clicks_1h: 16, visitors_1h: 3, clicks_2m: 15 });
  expect(await rebuilt(shop, Date.now())).toEqual(online);
});

test('callers at the same time lose no event, and a worker writes what a dead process did not', async ({
  shop,
}) => {
  const before = (await served(shop))['clicks_1h'] as number;
  const services = [createEventGroups(deps(shop)), createEventGroups(deps(shop))];
  await Promise.all(
    services.flatMap((groups, service) =>
      Array.from({ length: 30 }, (_, at) =>
        groups.push({
          manifest: shop.project.manifest,
          source: 'visits',
          events: [visit(`${service} ${at}`, { article_id: `article-${at % 7}` })],
          sizeBytes: 100,
        }),
      ),
    ),
  );
  for (const groups of services) await groups.close();
  expect((await served(shop))['clicks_1h']).toBe(before + 60);

  const onlineStore = {
    ...shop.onlineStore,
    writeTiles: () => Promise.reject(new Error('The process ends here.')),
  };
  const pushed = await pushEvents(
    { ...deps(shop), onlineStore },
    { manifest: shop.project.manifest, source: 'visits', events: [visit('dead')] },
  );
  expect(pushed.online).toBe(false);
  await shop.sql(`update larder.chunks set lease_expires_at = now() where run_id = '${pushed.runId}'`);
  shop.materializer();
  await shop.ended(pushed.runId);
  expect((await served(shop))['clicks_1h']).toBe(before + 61);
});

test('a backfill builds its tiles from the events', async ({ shop }) => {
  await push(shop, [visit('built', { clicks: 5 })]);
  const before = await served(shop);
  await shop.sql('update shop_history.traffic_v1_tiles set numbers = array[0, 0]');
  shop.materializer();
  const runId = await shop.backfill('traffic@1');
  expect(await shop.ended(runId)).toMatchObject({ status: 'succeeded', rows: { done: 1 } });
  expect(await served(shop)).toEqual(before);
  expect(await shop.sql('select distinct entity_key from shop_history.traffic_v1_tiles')).toEqual([
    { entity_key: 'everywhere' },
  ]);
});

test('a query without key columns fills a view, and views computed from it follow', async ({ shop }) => {
  await shop.sql(`truncate moods; insert into moods values (0.5, now() - interval '1 minute')`);
  await push(shop, [visit('mood')]);
  const { clicks_1h: clicks } = await served(shop);
  shop.materializer();
  await shop.ended(await shop.backfill('market@1'));
  expect(await served(shop, 'market')).toEqual({ mood: 0.5 });
  const runId = await shop.backfill('outlook@1');
  expect(await shop.ended(runId)).toMatchObject({ status: 'succeeded', rows: { done: 1 } });
  expect(await served(shop, 'outlook')).toEqual({ mood: 0.5, clicks_1h: clicks });
  const one = await shop.backfill('market@1', { scope: { entities: [{}] }, force: true });
  expect(await shop.ended(one)).toMatchObject({ status: 'succeeded', rows: { done: 1 } });
});

test('has nobody to forget, but loses nothing when an article is forgotten', async ({ shop }) => {
  const { store: offlineStore, onlineStore, logger, project } = shop;
  const forget = (entity: string, key: string) =>
    forgetEntity(
      {
        offlineStore,
        onlineStore,
        logger,
        eraseFromArchives: async () => ({ rows: 0, unreachable: [] }),
      },
      { manifest: project.manifest, entity, key, actor: 'test', reason: null },
    );
  await push(shop, [visit('forgotten', { article_id: 'article-z', clicks: 50 })]);
  const before = await served(shop);
  for (const key of ['', 'everywhere'])
    await expect(forget('everywhere', key)).rejects.toMatchObject({
      code: 'ENTITY_KEY_INVALID',
      message: expect.stringContaining('no join keys'),
    });
  await forget('article', 'article-z');
  expect(await served(shop)).toEqual(before);
  expect(await shop.sql(`select 1 from shop_history.visits_events where article_id = 'article-z'`)).toEqual(
    [],
  );
});
