import { describe, expect } from 'vitest';
import { test, unique } from '../../fixtures/shop.ts';
import {
  cancelRun,
  createBackfill,
  getRun,
  pauseRun,
  resumeRun,
  type BackfillRequest,
} from '../runs/index.ts';

describe('pause, resume, cancel', () => {
  test('stop and continue while chunks are being computed', async ({ shop }) => {
    await shop.seedAds(200, () => 'slow:25 text');
    shop.materializer();
    const runId = await shop.backfill('ad_words');
    const moving = await shop.until(runId, (run) => run.rows.done > 0);
    expect(moving).toMatchObject({ status: 'running', rows: { total: 200 } });
    await pauseRun(shop.store, 'shop', runId);
    await expect
      .poll(
        () =>
          shop.sql(`select 1 from larder.chunks where state in ('dispatched', 'running', 'landed_history')`),
        { timeout: 60_000 },
      )
      .toEqual([]);
    const paused = await getRun(shop.store, 'shop', runId);
    expect(paused.status).toBe('paused');
    expect(paused.rows.done).toBeLessThan(200);
    await resumeRun(shop.store, 'shop', runId);
    const ended = await shop.ended(runId);
    expect(ended).toMatchObject({ status: 'succeeded', rows: { done: 200 } });
    expect(await shop.sql('select 1 from shop_history.ad_words_v1')).toHaveLength(200);
  });

  test('cancel keeps what landed and writes nothing more', async ({ shop }) => {
    await shop.sql('truncate shop_history.ad_words_v1');
    await shop.seedAds(200, () => 'slow:25 text');
    shop.materializer();
    const runId = await shop.backfill('ad_words');
    await shop.until(runId, (run) => run.rows.done >= 20);
    await cancelRun(shop.store, 'shop', runId);
    const cancelled = await getRun(shop.store, 'shop', runId);
    expect(cancelled.status).toBe('cancelled');
    await expect
      .poll(() => shop.sql(`select 1 from larder.chunks where state not in ('done', 'cancelled')`), {
        timeout: 60_000,
      })
      .toEqual([]);
    expect(await shop.sql('select 1 from shop_history.ad_words_v1')).toHaveLength(cancelled.rows.done);
    expect((await getRun(shop.store, 'shop', runId)).rows).toEqual(cancelled.rows);
  });
});

describe('createBackfill', () => {
  const request = (
    shop: { project: { manifest: BackfillRequest['manifest'] } },
    rest: Partial<BackfillRequest>,
  ): BackfillRequest => ({
    manifest: shop.project.manifest,
    view: 'ad_user_stats',
    scope: { all: true },
    ...rest,
  });

  test('is idempotent by its key, whatever the order of members', async ({ shop }) => {
    const idempotencyKey = unique();
    const keys = [{ ad_id: 'a', user_id: '9007199254740993' }];
    const first = await createBackfill(
      shop.store,
      request(shop, { scope: { entities: keys }, idempotencyKey }),
    );
    const same = [{ user_id: '9007199254740993', ad_id: 'a' }];
    expect(
      (await createBackfill(shop.store, request(shop, { scope: { entities: same }, idempotencyKey }))).runId,
    ).toBe(first.runId);
    await expect(createBackfill(shop.store, request(shop, { idempotencyKey }))).rejects.toMatchObject({
      code: 'IDEMPOTENCY_KEY_REUSED',
    });
  });

  test('reports what is wrong in its request', async ({ shop }) => {
    const create = (rest: Partial<BackfillRequest>) => createBackfill(shop.store, request(shop, rest));
    await expect(create({ view: 'ad_user_stats@9' })).rejects.toMatchObject({ code: 'VIEW_NOT_FOUND' });
    await expect(create({ view: 'nothing' })).rejects.toMatchObject({
      code: 'VIEW_NOT_FOUND',
      message: expect.stringMatching(/Applied are: .*ad_user_stats@1/),
    });
    await expect(
      create({
        scope: {
          entities: [
            { ad_id: 'a', user_id: 1 },
            { ad_id: 7, x: 1 },
          ],
        },
      }),
    ).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
      errors: [
        { pointer: '/scope/entities/1/ad_id' },
        { pointer: '/scope/entities/1/user_id' },
        { pointer: '/scope/entities/1/x' },
      ],
    });
    const wrong = Object.fromEntries(Array.from({ length: 1_000 }, (_, at) => [`wrong_${at}`, 1]));
    await expect(create({ scope: { entities: [wrong] } })).rejects.toMatchObject({
      errors: { length: 20 },
    });
    await expect(
      create({ scope: { event_time: { from: '2026-03-02', to: '2026-03-01' } } }),
    ).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
  });
});

describe('a run of code that no worker has', () => {
  test('waits, then fails as not loaded', async ({ shop }) => {
    const manifest = structuredClone(shop.project.manifest) as {
      feature_views: Record<string, { fingerprint: string }>;
    };
    const view = manifest.feature_views['ad_words@1'];
    if (!view) throw new Error('The fixture has no ad_words@1.');
    view.fingerprint = 'other';
    const { runId } = await createBackfill(shop.store, {
      manifest: manifest as unknown as BackfillRequest['manifest'],
      view: 'ad_words',
      scope: { all: true },
    });
    const materializer = shop.materializer({ times: { watchIntervalMs: 20, definitionGraceMs: 300 } });
    expect(await shop.ended(runId)).toMatchObject({
      status: 'failed',
      error: { code: 'DEFINITION_NOT_LOADED' },
    });
    await materializer.stop({ deadlineMs: 1_000 });
  });
});
