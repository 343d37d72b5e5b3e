import { describe, expect } from 'vitest';
import { test } from '../../fixtures/shop.ts';
import { createBackfill, listFailures, retryFailed } from '../runs/index.ts';

describe('a backfill', () => {
  test('computes every row into history and the online store', async ({ shop }) => {
    await shop.seedAds(95, (at) => 'word '.repeat(at + 1).trim());
    shop.materializer();
    const runId = await shop.backfill('ad_words');
    const run = await shop.ended(runId);
    expect(run).toMatchObject({
      status: 'succeeded',
      rows: { total: 95, done: 95, failed: 0, skippedUnchanged: 0 },
    });
    const history = await shop.sql<{ ad_id: string; word_count: number; spelling: number[] }>(
      'select ad_id, word_count, spelling from shop_history.ad_words_v1 order by ad_id',
    );
    expect(history).toHaveLength(95);
    expect(history[41]).toEqual({ ad_id: 'ad-0041', word_count: 42, spelling: [42, 42, 42] });
    const online = await shop.online('ad_words@1', 'ad-0041');
    expect(online?.values).toEqual({ word_count: 42, spelling: new Float32Array([42, 42, 42]) });
    expect(online?.header).toMatchObject({
      eventTimestampMs: Date.parse('2026-03-01'),
      revision: run.revision,
    });
  });

  test('skips unchanged rows, unless it is forced', async ({ shop }) => {
    const request = { manifest: shop.project.manifest, view: 'ad_words@1', scope: { all: true } } as const;
    await shop.sql(`update ads set body = 'now another text' where ad_id = 'ad-0003'`);
    const again = await shop.ended((await createBackfill(shop.store, request)).runId);
    expect(again).toMatchObject({ status: 'succeeded', rows: { total: 95, done: 1, skippedUnchanged: 94 } });
    expect((await shop.online('ad_words@1', 'ad-0003'))?.values).toMatchObject({ word_count: 3 });
    const forced = await shop.ended(
      (await createBackfill(shop.store, { ...request, force: true, limit: 7 })).runId,
    );
    expect(forced).toMatchObject({ status: 'succeeded', rows: { total: 7, done: 7, skippedUnchanged: 0 } });
  });

  test('computes only entities that were never computed', async ({ shop }) => {
    await shop.sql(`update ads set body = 'a third text' where ad_id = 'ad-0004'`);
    await shop.sql(`insert into ads values ('ad-new', 'two words', '2026-03-01T00:00:00Z')`);
    const request = { manifest: shop.project.manifest, view: 'ad_words', scope: { missing: true } } as const;
    const run = await shop.ended((await createBackfill(shop.store, request)).runId);
    expect(run).toMatchObject({ status: 'succeeded', rows: { total: 96, done: 1, skippedUnchanged: 95 } });
    expect((await shop.online('ad_words@1', 'ad-new'))?.values).toMatchObject({ word_count: 2 });
    await shop.sql(`delete from ads where ad_id = 'ad-new'`);
  });

  test('computes only the given entities', async ({ shop }) => {
    const scope = { entities: [{ ad_id: 'ad-0001' }, { ad_id: 'ad-0002' }, { ad_id: 'gone' }] };
    const { runId } = await createBackfill(shop.store, {
      manifest: shop.project.manifest,
      view: 'ad_words',
      scope,
      force: true,
    });
    expect(await shop.ended(runId)).toMatchObject({
      status: 'partial',
      rows: { total: 3, done: 2, failed: 1 },
    });
    const { failures } = await listFailures(shop.store, 'shop', runId);
    expect(failures).toMatchObject([
      { key: 'gone', code: 'SOURCE_ROW_NOT_FOUND', reason: 'The source has no row for ad gone.' },
    ]);
    await shop.sql(`insert into ads values ('gone', 'is here', '2026-03-01T00:00:00Z')`);
    await retryFailed(shop.store, 'shop', runId);
    expect(await shop.ended(runId)).toMatchObject({ status: 'succeeded', rows: { total: 3, done: 3 } });
    await shop.sql(`delete from ads where ad_id = 'gone'`);
  });

  test('reads features from SQL columns, newest of each key online', async ({ shop }) => {
    await shop.sql(`
      insert into stats select 'ad-' || a, u, timestamptz '2026-02-01' + d * interval '1 day', timestamptz '2026-02-01' + d * interval '1 day' + interval '1 hour',
        9007199254740993 + d, d + 0.5, case d when 3 then null else 'day ' || d end
      from generate_series(1, 10) a, generate_series(1, 3) u, generate_series(1, 5) d`);
    const runId = await shop.backfill('ad_user_stats');
    expect(await shop.ended(runId)).toMatchObject({ status: 'succeeded', rows: { total: 150, done: 150 } });
    const online = await shop.online('ad_user_stats@1', 'ad-7|2');
    expect(online?.values).toEqual({ clicks: 9007199254740998n, spent: 5.5, note: 'day 5' });
    expect(online?.header).toMatchObject({
      eventTimestampMs: Date.parse('2026-02-06'),
      createdTimestampMs: Date.parse('2026-02-06T01:00:00Z'),
    });
    const range = { event_time: { from: '2026-02-03T00:00:00Z', to: '2026-02-04T00:00:00Z' } };
    const again = await createBackfill(shop.store, {
      manifest: shop.project.manifest,
      view: 'ad_user_stats',
      scope: range,
    });
    expect(await shop.ended(again.runId)).toMatchObject({ rows: { total: 30, skippedUnchanged: 30 } });
  });

  test('of an empty source succeeds', async ({ shop }) => {
    await shop.sql('truncate ads');
    const runId = await shop.backfill('ad_words');
    expect(await shop.ended(runId)).toMatchObject({ status: 'succeeded', rows: { total: 0 } });
  });

  test('whose source no worker reaches waits for one, then fails and says what to do', async ({ shop }) => {
    const runId = await shop.backfill('orphan');
    expect(await shop.until(runId, (run) => run.waitingFor === 'source')).toMatchObject({
      status: 'queued',
      waitingNames: ['nowhere'],
    });
    const impatient = shop.materializer({ times: { watchIntervalMs: 20, definitionGraceMs: 300 } });
    const run = await shop.ended(runId);
    await impatient.stop({ deadlineMs: 1_000 });
    expect(run).toMatchObject({
      status: 'failed',
      error: { code: 'SOURCE_NOT_CONFIGURED' },
      rows: { total: null },
    });
    expect(run.error?.reason).toMatch(/LARDER_CONNECTION_NOWHERE_URL/);
    expect((await listFailures(shop.store, 'shop', runId)).failures).toEqual([]);
  });
});
