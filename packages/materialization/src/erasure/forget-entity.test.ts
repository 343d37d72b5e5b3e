import { fork } from 'node:child_process';
import { once } from 'node:events';
import { newId, systemClock } from '@larder/core';
import { entityKey, type EntityManifest } from '@larder/features';
import {
  createPredictionLog,
  projectKeyHasher,
  readChanges,
  REDIS_KEYS,
  STATISTICS,
  TABLES,
  startSequencer,
  storeLabels,
} from '@larder/offline-store';
import { connectRedis, createOnlineStore, waitForRedis } from '@larder/online-store';
import { startTestRedis } from '@larder/testing';
import { sql } from 'kysely';
import { describe, expect, onTestFinished } from 'vitest';
import { CONFIG_PATH, test, type Shop } from '../../fixtures/shop.ts';
import { pushRows } from '../push/index.ts';
import { claimChunk, claimRunToPlan, createBackfill, dispatchChunks, savePlan } from '../runs/index.ts';
import { deps, fill, forget, label, log, logged, places, work } from '../testing/forgetting.ts';
import { continueErasures } from './continue-erasures.ts';

const AD: EntityManifest = { name: 'ad', join_keys: [{ name: 'ad_id', type: 'string' }] };

const statistics = async (shop: Shop, text: string) =>
  (await places(shop, text)).filter((place) => place.startsWith(STATISTICS));

/** Keys of Redis, those of the queue included, that no line of the list matches. */
async function unlistedRedisKeys(shop: Shop): Promise<string[]> {
  const redis = connectRedis(shop.redisUrl, { role: 'worker' });
  const keys = await redis.keys('*');
  redis.disconnect();
  expect(keys.some((key) => key.includes('{queue}'))).toBe(true);
  return keys.filter((key) => !REDIS_KEYS.some(({ pattern }) => pattern.test(key)));
}

describe('forgetting', () => {
  test('removes the key from everywhere, and nothing of its neighbours', async ({ shop }) => {
    const sequencer = startSequencer({ store: shop.store, logger: shop.logger, idleIntervalMs: 50 });
    onTestFinished(() => sequencer.close());
    await shop.seedAds(5, () => 'one');
    work(shop);
    await shop.ended(await shop.backfill('ad_words'));
    await fill(shop, 'ad-secret');
    await shop.sql('create schema shop_aside_0123456789ab');
    await shop.sql(
      'create table shop_aside_0123456789ab.ad_words_v1 (like shop_history.ad_words_v1 including all) partition by range (event_timestamp)',
    );
    await shop.sql(
      `create table shop_aside_0123456789ab.ad_words_v1_all partition of shop_aside_0123456789ab.ad_words_v1 default`,
    );
    await shop.sql(
      'insert into shop_aside_0123456789ab.ad_words_v1 select * from shop_history.ad_words_v1; update shop_aside_0123456789ab.ad_words_v1 set chunk_id = 0',
    );
    const hash = (await projectKeyHasher(shop.store, 'shop'))('ad', 'ad-secret');
    const set = newId();
    await shop.sql(
      `insert into larder.training_sets (training_set_id, project, status, request, manifest, statistics, key_hashes, host, pid, folder, actor, finished_at)
       values ('${set}', 'shop', 'complete', '{}', '{}', '{}', '\\x0000000000000000${hash.toString('hex', 0, 8)}', 'h', 1, '/data/set', 'me', now())`,
    );
    const large = newId();
    await shop.sql(
      `insert into larder.training_sets (training_set_id, project, status, request, manifest, statistics, host, pid, folder, actor, created_at, finished_at)
       values ('${large}', 'shop', 'complete', '{}', '{}', '{}', 'h', 1, '/data/large', 'me', now() + interval '1 minute', now())`,
    );
    const held = await places(shop, 'ad-secret');
    for (const place of ['chunks', 'labels', 'predictions', 'row_failures', 'runs'])
      expect(held).toContain(`larder.${place}`);
    const keyed = Object.entries(TABLES).flatMap(([table, { columns }]) =>
      Object.values(columns).includes('key') ? [`larder.${table}`] : [],
    );
    for (const place of held.filter((each) => each.startsWith('larder.'))) expect(keyed).toContain(place);
    expect(await unlistedRedisKeys(shop)).toEqual([]);
    const neighbour = await places(shop, 'ad-0002');

    const receipt = await forget(shop, 'ad-secret');
    expect(receipt).toMatchObject({
      status: 'complete',
      entity: 'ad',
      keyHash: hash.toString('hex'),
      actor: 'test',
      reason: 'asked',
      error: null,
      removed: {
        online: 1,
        'history:shop_history.ad_words_v1': 1,
        'history:shop_aside_0123456789ab.ad_words_v1': 1,
        predictions: 1,
        labels: 2,
        row_failures: 1,
        'runs.scope': 2,
      },
      stillHeld: [
        { kind: 'training_set', id: set, folder: '/data/set', host: 'h' },
        { kind: 'training_set', id: large, folder: '/data/large', host: 'h' },
      ],
    });
    expect(await places(shop, 'ad-secret')).toEqual([]);
    expect(await places(shop, 'ad-0002')).toEqual(neighbour);
    const told = async () =>
      (await readChanges(shop.store, { project: 'shop', after: null, limit: 1_000 })).changes.filter(
        ({ kind }) => kind === 'erased',
      );
    await expect.poll(told).toMatchObject([{ entity: 'ad', keyHash: hash.toString('hex') }]);

    // The source still has it.
    await shop.ended(await shop.backfill('ad_words', { force: true }));
    expect((await places(shop, 'ad-secret')).filter((place) => place !== 'larder.chunks')).toEqual([]);
    const again = await forget(shop, 'ad-secret');
    expect(again.receiptId).not.toBe(receipt.receiptId);
    expect(await places(shop, 'ad-secret')).toEqual([]);
    await shop.sql('drop schema shop_aside_0123456789ab cascade');
  });

  test('a composite key is forgotten as a whole', async ({ shop }) => {
    await shop.sql(
      `insert into stats select 'ad-1', u, '2026-11-01', '2026-11-01', 1, 1, 'n' from generate_series(71, 73) u`,
    );
    work(shop);
    await shop.ended(await shop.backfill('ad_user_stats'));
    expect(await forget(shop, 'ad-1|72', {}, 'ad_user')).toMatchObject({
      status: 'complete',
      removed: { online: 1, 'history:shop_history.ad_user_stats_v1': 1 },
    });
    expect(await shop.sql('select user_id from shop_history.ad_user_stats_v1 order by 1')).toEqual([
      { user_id: 71 },
      { user_id: 73 },
    ]);
  });

  test('a pushed row that waits to be computed is gone, and its neighbours are computed', async ({
    shop,
  }) => {
    const { store: offlineStore, onlineStore, logger, project } = shop;
    const { runId } = await pushRows(
      { offlineStore, onlineStore, logger, clock: systemClock },
      {
        manifest: project.manifest,
        view: 'notes',
        rows: ['ad-staged', 'ad-staged', 'ad-beside-it'].map((id, i) => ({
          ad_id: id,
          event_timestamp: new Date(Date.now() - i).toISOString(),
          body: `${id} says so`,
        })),
      },
    );
    expect(await places(shop, 'ad-staged')).toContain('larder.staged_rows');
    expect(await forget(shop, 'ad-staged')).toMatchObject({
      status: 'complete',
      removed: { staged_rows: 2 },
    });
    expect(await places(shop, 'ad-staged')).toEqual([]);
    work(shop);
    await shop.ended(runId);
    expect((await shop.online('notes@1', 'ad-beside-it'))?.values).toMatchObject({ word_count: 3 });
    expect(await shop.online('notes@1', 'ad-staged')).toBeNull();
    expect(await shop.sql(`select ad_id from shop_history.notes_v1`)).toEqual([{ ad_id: 'ad-beside-it' }]);
  });

  test("the planner's statistics hold the key no longer, and keep the rest", async ({ shop }) => {
    await shop.seedAds(5, () => 'one');
    // A histogram has at least two values that are not among the frequent ones.
    await shop.sql(
      `insert into ads select id, 'one', '2026-01-01' from unnest('{ad-near,ad-beside}'::text[]) id`,
    );
    work(shop);
    await shop.ended(await shop.backfill('ad_words'));
    await fill(shop, 'ad-analyzed');
    const strange = 'ad.*(50+|"\\é';
    await log(shop, [
      logged('ad-analyzed', { request: { say: 'of ad-analyzed, twice' } }),
      logged(strange, { entityKeys: [{ entity: 'ad', key: entityKey(AD, { ad_id: strange }) }] }),
      logged('ad-near', { request: { say: 'other' } }),
    ]);
    await storeLabels(
      shop.store,
      'shop',
      ['ad-near', 'ad-beside'].map((key) =>
        label(newId(), { entity: 'ad', entityKey: key, sensitive: false }),
      ),
    );
    await shop.sql('analyze');
    const held = await statistics(shop, 'ad-analyzed');
    for (const column of [
      'larder.predictions.entities',
      'larder.predictions.entity_keys',
      'larder.predictions.request',
      'larder.labels.entity_key',
      'shop_history.ad_words_v1.ad_id',
    ])
      expect(held).toContain(`pg_stats of ${column}`);
    expect(held.some((place) => /predictions_\d+_\d+\.entities/.test(place))).toBe(true);
    expect(await statistics(shop, 'ad.*(50+')).not.toEqual([]);
    for (const key of ['ad-analyzed', entityKey(AD, { ad_id: strange })])
      expect(await forget(shop, key)).toMatchObject({
        status: 'complete',
        removed: { statistics: expect.any(Number) },
      });
    expect(await places(shop, 'ad-analyzed')).toEqual([]);
    expect(await places(shop, 'ad.*(50+')).toEqual([]);
    expect(await statistics(shop, 'ad-near')).toContain('pg_stats of shop_history.ad_words_v1.ad_id');
  });

  test('statistics that are locked leave a receipt that a worker completes', async ({ shop }) => {
    await log(shop, [logged('ad-locked'), logged('ad-0002')]);
    await shop.sql('analyze larder.predictions');
    const vacuum = await shop.store.pool.connect();
    try {
      await vacuum.query('begin; lock table larder.predictions in share update exclusive mode');
      expect(await forget(shop, 'ad-locked')).toMatchObject({
        status: 'running',
        error: { code: 'ERASURE_UNFINISHED', reason: expect.stringContaining('larder.predictions') },
      });
    } finally {
      vacuum.release(true);
    }
    await shop.sql(`update larder.erasures set lease_expires_at = now() where status = 'running'`);
    expect(await continueErasures(deps(shop), shop.project.manifest)).toBe(true);
    expect(await places(shop, 'ad-locked')).toEqual([]);
  });

  test('two at once share a receipt and count everything once', async ({ shop }) => {
    await shop.seedAds(3, () => 'one');
    work(shop);
    await fill(shop, 'ad-twice');
    const [one, two] = await Promise.all([forget(shop, 'ad-twice'), forget(shop, 'ad-twice')]);
    expect(two?.receiptId).toBe(one?.receiptId);
    const { rows } =
      await sql`select removed from larder.erasures where receipt_id = ${one?.receiptId}`.execute(
        shop.store.db,
      );
    expect(rows).toMatchObject([
      {
        removed: {
          online: 1,
          predictions: 1,
          labels: 2,
          row_failures: 1,
          'history:shop_history.ad_words_v1': 1,
        },
      },
    ]);
    expect(await places(shop, 'ad-twice')).toEqual([]);
  });
});

describe('what happens while a key is forgotten', () => {
  test('a row that is being computed does not land', async ({ shop }) => {
    await shop.seedAds(1, () => 'one');
    await shop.sql(`insert into ads values ('ad-computed', 'slow:3000 words', '2026-03-01')`);
    work(shop);
    const runId = await shop.backfill('ad_words');
    await expect
      .poll(() => shop.sql(`select state from larder.chunks where run_id = '${runId}'`), { interval: 10 })
      .toEqual([{ state: 'running' }]);
    await forget(shop, 'ad-computed');
    await shop.ended(runId);
    // The limit of the chunk is the key: a worker completes the erasure once it has ended.
    await shop.sql(`update larder.erasures set lease_expires_at = now() where status = 'running'`);
    await expect.poll(() => places(shop, 'ad-computed'), { timeout: 60_000 }).toEqual([]);
    expect(await shop.online('ad_words@1', 'ad-0000')).not.toBeNull();
  });

  test('a prediction in the buffer of the log is not written', async ({ shop }) => {
    const predictions = createPredictionLog({
      store: shop.store,
      project: 'shop',
      logger: shop.logger,
      flushIntervalMs: 60_000,
    });
    predictions.append(logged('ad-buffered'));
    await forget(shop, 'ad-buffered');
    await predictions.close();
    await storeLabels(shop.store, 'shop', [
      label(newId(), { entity: 'ad', entityKey: 'ad-buffered', sensitive: false }),
    ]);
    expect(await places(shop, 'ad-buffered')).toEqual([]);
  });

  test('a run for this key alone is cancelled, and no other is created', async ({ shop }) => {
    await shop.seedAds(3, () => 'one');
    const alone = await shop.backfill('ad_words', { scope: { entities: [{ ad_id: 'ad-0001' }] } });
    const both = await shop.backfill('ad_words', {
      scope: { entities: [{ ad_id: 'ad-0001' }, { ad_id: 'ad-0002' }] },
    });
    expect(await forget(shop, 'ad-0001')).toMatchObject({ status: 'complete', removed: { 'runs.scope': 2 } });
    await expect(
      createBackfill(shop.store, {
        manifest: shop.project.manifest,
        view: 'ad_words',
        scope: { entities: [{ ad_id: 'ad-0001' }] },
      }),
    ).rejects.toMatchObject({ code: 'ENTITY_ERASED' });
    work(shop);
    expect(await shop.ended(alone)).toMatchObject({ status: 'cancelled' });
    expect(await shop.ended(both)).toMatchObject({ status: 'succeeded', rows: { total: 1, failed: 0 } });
    expect(await places(shop, 'ad-0001')).toEqual([]);
  });

  test('a worker that was frozen with a row in its memory brings nothing back', async ({ shop }) => {
    const { name: view, version, fingerprint } = shop.view('ad_words@1');
    const runId = await shop.backfill(view);
    const views = [{ view, version, fingerprint }];
    const run = await claimRunToPlan(shop.store, { project: 'shop', views, leaseMs: 60_000 });
    if (run?.runId !== runId) throw new Error('Another run was queued.');
    await savePlan(shop.store, run, [{ bounds: { kind: 'keys', keys: [['ad-frozen']] }, rows: 1 }]);
    const [attempt] = await dispatchChunks(shop.store, { project: 'shop', views, dispatcher: 'w', slots: 1 });
    if (!attempt) throw new Error('Nothing was dispatched.');
    await claimChunk(shop.store, attempt, { worker: 'w', leaseMs: 60_000 });
    const worker = fork(new URL('../../fixtures/frozen-writer.ts', import.meta.url), [
      CONFIG_PATH,
      shop.databaseUrl,
      shop.redisUrl,
      JSON.stringify({ ...attempt, runId }),
    ]);
    onTestFinished(() => void worker.kill('SIGKILL'));
    await once(worker, 'message');
    worker.kill('SIGSTOP');
    worker.send('go on');
    expect(await forget(shop, 'ad-frozen')).toMatchObject({ status: 'complete' });
    worker.kill('SIGCONT');
    const [outcome] = (await once(worker, 'message')) as unknown[];
    expect(outcome).toEqual({ landed: [], created: 0 });
    expect(await places(shop, 'ad-frozen')).toEqual([]);
    work(shop);
    await shop.ended(runId);
  });

  test('without Redis the receipt says so, and a worker completes it later', async ({ shop }) => {
    const server = await startTestRedis();
    const redis = connectRedis(server.url, { role: 'worker', commandTimeoutMs: 200 });
    onTestFinished(() => redis.disconnect());
    const keyHasher = () => projectKeyHasher(shop.store, 'shop');
    const onlineStore = createOnlineStore({ redis, project: 'shop', keyHasher });
    await waitForRedis(redis, 30_000);
    await server.stop();
    expect(await forget(shop, 'ad-later', { onlineStore })).toMatchObject({
      status: 'running',
      error: { code: 'ONLINE_STORE_UNAVAILABLE' },
    });
    await shop.sql(`update larder.erasures set lease_expires_at = now() where status = 'running'`);
    expect(await continueErasures(deps(shop), shop.project.manifest)).toBe(true);
    expect(await continueErasures(deps(shop), shop.project.manifest)).toBe(false);
    expect(await places(shop, 'ad-later')).toEqual([]);
  });
});
