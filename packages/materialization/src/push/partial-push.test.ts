import { systemClock, type Clock } from '@larder/core';
import { latestHistoryRows } from '@larder/offline-store';
import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { test, unique, type Shop } from '../../fixtures/shop.ts';
import { forgetEntity } from '../erasure/index.ts';
import { getRun } from '../runs/index.ts';
import { createPushGroups, pushRows, type PushRequest } from './index.ts';

type Json = Readonly<Record<string, unknown>>;

const MINUTE_MS = 60_000;
const NOON_MS = Date.parse('2026-11-01T12:00:00Z');
const at = (minute: number): string => new Date(NOON_MS + minute * MINUTE_MS).toISOString();
const row = (articleId: string, minute: number, values: Json): Json => ({
  article_id: articleId,
  event_timestamp: at(minute),
  ...values,
});

function push(shop: Shop, rows: readonly Json[], rest: Partial<PushRequest> & { clock?: Clock } = {}) {
  const { store: offlineStore, onlineStore, logger, project } = shop;
  const { clock = systemClock, ...request } = rest;
  return pushRows(
    { offlineStore, onlineStore, logger, clock },
    { manifest: project.manifest, view: 'stock', rows, ...request },
  );
}

/** The newest row of a key in both stores, which must agree. */
async function newest(shop: Shop, articleId: string): Promise<Json | undefined> {
  const view = shop.view('stock@1');
  const [latest] = await latestHistoryRows(shop.store, shop.project.manifest, view, [
    { article_id: articleId },
  ]);
  expect((await shop.online('stock@1', articleId))?.values ?? undefined).toEqual(latest?.values);
  return latest?.values;
}

const WHOLE = { price: 1, pieces: 10, place: 'A', sizes: [1, 2] };

describe('a row without some features', () => {
  test('keeps the newest values, or takes null, as each feature declares', async ({ shop }) => {
    await push(shop, [row('kept', 0, WHOLE)]);
    const pushed = await push(shop, [row('kept', 1, { price: 2 })]);
    expect(pushed).toMatchObject({ accepted: 1, rejected: [], online: true });
    expect(await newest(shop, 'kept')).toEqual({
      price: 2,
      pieces: 10,
      place: null,
      sizes: Float32Array.of(1, 2),
    });
    await push(shop, [row('kept', 2, { pieces: null })]);
    expect(await newest(shop, 'kept')).toMatchObject({ price: 2, pieces: null });
  });

  test('of a key without history has null', async ({ shop }) => {
    await push(shop, [row('first', 0, { price: 5 })]);
    expect(await newest(shop, 'first')).toEqual({ price: 5, pieces: null, place: null, sizes: null });
  });

  test('keeps no value that is older than the TTL, however often it was kept', async ({ shop }) => {
    await push(shop, [row('old', 0, WHOLE)]);
    await push(shop, [row('old', 40, { price: 2 })]);
    expect(await newest(shop, 'old')).toMatchObject({ pieces: 10 });
    await push(shop, [row('old', 61, { price: 3 })]);
    expect(await newest(shop, 'old')).toMatchObject({ price: 3, pieces: null });
  });

  test('that arrives late gives its values to the newest row, where that kept older ones', async ({
    shop,
  }) => {
    await push(shop, [row('late', 0, WHOLE)]);
    await push(shop, [row('late', 10, { price: 10 })]);
    const { runId } = await push(shop, [row('late', 5, { price: 5, pieces: 50 })]);
    expect(await newest(shop, 'late')).toMatchObject({ price: 10, pieces: 50 });
    expect((await getRun(shop.store, 'shop', runId)).rows).toMatchObject({ total: 2, done: 2 });
    // older than what the newest row has by now
    await push(shop, [row('late', 4, { pieces: 40 })]);
    expect(await newest(shop, 'late')).toMatchObject({ pieces: 50 });
    // a row keeps what was true at its own time
    expect(
      await shop.sql(
        `select price, pieces::text from shop_history.stock_v1 where article_id = 'late' and event_timestamp = '${at(5)}'`,
      ),
    ).toEqual([{ price: 5, pieces: '50' }]);
  });

  test('is merged with others of its key in one push, in any order, also at one time', async ({ shop }) => {
    const { runId, accepted } = await push(shop, [
      row('many', 2, { price: 2 }),
      row('many', 1, { pieces: 1, price: 1 }),
      row('many', 2, { sizes: [3, 4] }),
    ]);
    expect(await newest(shop, 'many')).toEqual({
      price: 2,
      pieces: 1,
      place: null,
      sizes: Float32Array.of(3, 4),
    });
    expect(accepted).toBe(3);
    expect((await getRun(shop.store, 'shop', runId)).rows).toMatchObject({ done: 2 });
  });

  test('lands once with an Idempotency-Key, whatever came between', async ({ shop }) => {
    const idempotencyKey = unique();
    await push(shop, [row('again', 0, WHOLE)]);
    const first = await push(shop, [row('again', 1, { price: 2 })], { idempotencyKey });
    await push(shop, [row('again', 1, { price: 3 })]);
    expect(await push(shop, [row('again', 1, { price: 2 })], { idempotencyKey })).toEqual(first);
    expect(await newest(shop, 'again')).toMatchObject({ price: 3, pieces: 10 });
  });

  test('of an erased entity is rejected', async ({ shop }) => {
    const { store: offlineStore, onlineStore, logger, project } = shop;
    await push(shop, [row('erased', 0, WHOLE)]);
    const eraseFromArchives = async () => ({ rows: 0, unreachable: [] });
    await forgetEntity(
      { offlineStore, onlineStore, logger, eraseFromArchives },
      { manifest: project.manifest, entity: 'article', key: 'erased', actor: 'test', reason: null },
    );
    expect(await push(shop, [row('erased', 1, { price: 2 })])).toMatchObject({
      accepted: 0,
      rejected: [{ code: 'ENTITY_ERASED' }],
    });
    expect(await newest(shop, 'erased')).toBeUndefined();
  });

  test('is checked like a whole one', async ({ shop }) => {
    const { rejected } = await push(shop, [row('wrong', 0, { price: 'cheap', colour: 'red' })]);
    expect(rejected.map(({ errors }) => errors.map(({ pointer }) => pointer))).toEqual([
      ['/rows/0/price', '/rows/0/colour'],
    ]);
  });
});

test('a run whose row is older than a pushed one gives it what it kept from before', async ({ shop }) => {
  await shop.sql(`truncate items; insert into items values ('ran', 20, '${at(0)}')`);
  await push(shop, [row('ran', 5, { note: 'sale' })], { view: 'listing' });
  expect((await shop.online('listing@1', 'ran'))?.values).toEqual({ price: null, note: 'sale' });
  shop.materializer();
  const runId = await shop.backfill('listing@1');
  expect((await shop.ended(runId)).rows).toMatchObject({ total: 2, done: 2 });
  expect((await shop.online('listing@1', 'ran'))?.values).toEqual({ price: 20, note: 'sale' });
  await shop.sql(`update items set price = 30, updated_at = '${at(9)}'`);
  await shop.ended(await shop.backfill('listing@1'));
  expect((await shop.online('listing@1', 'ran'))?.values).toEqual({ price: 30, note: 'listed' });
});

test('rows that a computation reads take null for a column that may be left out', async ({ shop }) => {
  shop.materializer();
  const rows = [row('said', 0, { body: 'one two' }), row('unsaid', 0, { language: 'en' })];
  const pushed = await push(shop, rows, { view: 'remarks' });
  expect(pushed).toMatchObject({
    accepted: 1,
    rejected: [{ index: 1, errors: [{ pointer: '/rows/1/body' }] }],
  });
  await shop.ended(pushed.runId);
  expect((await shop.online('remarks@1', 'said'))?.values).toMatchObject({ word_count: 2 });
});

const FEATURES = ['price', 'pieces', 'sizes'] as const;
interface Drawn {
  readonly articleId: string;
  readonly minute: number;
  readonly values: Json;
}

/** In the order of arrival: the value of the newest row that had one, unless it is older than the TTL. */
function expected(arrived: readonly Drawn[], articleId: string): Json | undefined {
  const ofKey = arrived.filter((each) => each.articleId === articleId);
  const last = Math.max(...ofKey.map(({ minute }) => minute));
  if (ofKey.length === 0) return undefined;
  const values: Record<string, unknown> = {};
  for (const name of FEATURES) {
    let best: Drawn | undefined;
    for (const each of ofKey)
      if (Object.hasOwn(each.values, name) && (best === undefined || each.minute >= best.minute)) best = each;
    const value = best === undefined || last - best.minute > 60 ? null : best.values[name];
    values[name] = Array.isArray(value) ? Float32Array.from(value) : value;
  }
  return values;
}

const drawn = (suffix: string) =>
  fc.record({
    articleId: fc.constantFrom('a', 'b', 'c').map((name) => `${name}-${suffix}`),
    minute: fc.integer({ min: 0, max: 100 }),
    values: fc.record(
      {
        price: fc.option(fc.integer({ min: 0, max: 99 })),
        pieces: fc.integer({ min: 0, max: 99 }),
        sizes: fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 9 })),
      },
      { requiredKeys: [] },
    ),
  });

test('whatever arrives in whatever order, the newest row has the newest value of each feature', async ({
  shop,
}) => {
  let round = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(drawn('o'), { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 8 }),
      async (pushes) => {
        const suffix = `${round++}`;
        const named = pushes.map((rows) =>
          rows.map((each) => ({ ...each, articleId: `${each.articleId}-${suffix}` })),
        );
        let arrivalMs = NOON_MS + 200 * MINUTE_MS;
        for (const rows of named) {
          const clock = { nowMs: () => arrivalMs };
          await push(
            shop,
            rows.map(({ articleId, minute, values }) => row(articleId, minute, values)),
            { clock },
          );
          arrivalMs += 1_000;
        }
        for (const name of ['a', 'b', 'c']) {
          const articleId = `${name}-o-${suffix}`;
          const is = await newest(shop, articleId);
          const should = expected(named.flat(), articleId);
          expect(is).toEqual(should === undefined ? undefined : { ...should, place: null });
        }
      },
    ),
    { numRuns: 12 },
  );
});

test('callers that push other features of the same keys at once lose nothing', async ({ shop }) => {
  const { store: offlineStore, onlineStore, logger, project } = shop;
  const services = Array.from({ length: 3 }, () =>
    createPushGroups({ offlineStore, onlineStore, logger, clock: systemClock }),
  );
  const keys = Array.from({ length: 4 }, (_, index) => `busy-${index}`);
  const given: Json[] = [{ price: 7 }, { pieces: 8 }, { sizes: [9, 9] }];
  await Promise.all(
    services.flatMap((groups, service) =>
      Array.from({ length: 20 }, (_, turn) =>
        groups.push({
          manifest: project.manifest,
          view: 'stock',
          // each service writes one feature, at times that the others' rows lie between
          rows: (service === 1 ? keys : keys.toReversed()).map((articleId) =>
            row(articleId, ((turn * 7 + service * 3) % 20) + service / 10, given[service] as Json),
          ),
          sizeBytes: 100,
        }),
      ),
    ),
  );
  for (const articleId of keys)
    expect(await newest(shop, articleId)).toEqual({
      price: 7,
      pieces: 8,
      place: null,
      sizes: Float32Array.of(9, 9),
    });
  for (const groups of services) await groups.close();
});
