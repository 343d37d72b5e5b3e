import { projectKeyHasher } from '@larder/offline-store';
import { systemClock } from '@larder/core';
import { connectRedis, createOnlineStore, waitForRedis } from '@larder/online-store';
import { startTestRedis } from '@larder/testing';
import { describe, expect } from 'vitest';
import { test, unique, type Shop } from '../../fixtures/shop.ts';
import { forgetEntity } from '../erasure/index.ts';
import { getRun, listFailures, retryFailed } from '../runs/index.ts';
import { pushRows, type PushRequest } from '../push/index.ts';

const VIEW = 'ad_user_stats';

function row(adId: string, changed: Record<string, unknown> = {}): Record<string, unknown> {
  const event_timestamp = '2026-11-01T10:00:00+01:00';
  return { ad_id: adId, user_id: 7, event_timestamp, clicks: 3, spent: 0.5, note: null, ...changed };
}

function push(shop: Shop, request: Partial<PushRequest>, deps: Partial<Parameters<typeof pushRows>[0]> = {}) {
  const { store: offlineStore, onlineStore, logger, project } = shop;
  return pushRows(
    { offlineStore, onlineStore, logger, clock: systemClock, ...deps },
    { manifest: project.manifest, view: VIEW, rows: [row('a')], ...request },
  );
}

const history = (shop: Shop, adId: string) =>
  shop.sql(
    `select clicks::text, spent, note, created_timestamp from shop_history.ad_user_stats_v1 where ad_id = '${adId}' order by created_timestamp, revision`,
  );

describe('pushRows', () => {
  test('lands rows in history and online, as a run that has ended', async ({ shop }) => {
    const clock = { nowMs: () => Date.parse('2026-11-02T00:00:00Z') };
    const pushed = await push(shop, { rows: [row('one', { clicks: '9007199254740993' })] }, { clock });
    expect(pushed).toMatchObject({ accepted: 1, rejected: [], online: true });
    expect(await getRun(shop.store, 'shop', pushed.runId)).toMatchObject({
      trigger: 'push',
      status: 'succeeded',
      rows: { total: 1, done: 1, failed: 0 },
    });
    expect(await history(shop, 'one')).toEqual([
      { clicks: '9007199254740993', spent: 0.5, note: null, created_timestamp: new Date(clock.nowMs()) },
    ]);
    const online = await shop.online('ad_user_stats@1', 'one|7');
    expect(online?.values).toMatchObject({ clicks: 9007199254740993n, spent: 0.5, note: null });
    expect(online?.header.eventTimestampMs).toBe(Date.parse('2026-11-01T09:00:00Z'));
    expect(online?.header.createdTimestampMs).toBe(clock.nowMs());
  });

  test('accepts valid rows and reports what is wrong with each of the others', async ({ shop }) => {
    const pushed = await push(shop, {
      rows: [
        row('good', { clicks: 1 }),
        row('bad', { clicks: 'many', colour: 'red', created_timestamp: '2026-11-01T00:00:00Z' }),
        { ad_id: 'less', user_id: 7, event_timestamp: '2026-11-01T10:00:00Z', clicks: 1, note: null },
        row('late', { event_timestamp: '2999-01-01T00:00:00Z' }),
        row('good', { clicks: 2 }),
        row('x'.repeat(2_000)),
      ],
    });
    expect(pushed.accepted).toBe(2);
    expect(pushed.rejected.map(({ index, errors }) => [index, errors.map(({ pointer }) => pointer)])).toEqual(
      [
        [1, ['/rows/1/clicks', '/rows/1/colour', '/rows/1/created_timestamp']],
        [2, ['/rows/2/spent']],
        [3, ['/rows/3/event_timestamp']],
        [5, ['/rows/5']],
      ],
    );
    expect(pushed.rejected[1]?.errors[0]?.detail).toMatch(/missing; use null/);
    expect(await getRun(shop.store, 'shop', pushed.runId)).toMatchObject({
      status: 'partial',
      rows: { total: 5, done: 1, failed: 4 },
    });
    expect((await shop.online('ad_user_stats@1', 'good|7'))?.values).toMatchObject({ clicks: 2n });
    const { failures } = await listFailures(shop.store, 'shop', pushed.runId, {});
    expect(failures).toHaveLength(4);
    expect(failures.map(({ reason }) => reason).join()).toContain('/rows/2/spent: is missing');
  });

  test('rejects rows of an erased entity, each with its index, and lands the others', async ({ shop }) => {
    const { store: offlineStore, onlineStore, logger, project } = shop;
    await push(shop, { rows: [row('erased'), row('erased', { user_id: 8 })] });
    const eraseFromArchives = async () => ({ rows: 0, unreachable: [] });
    await forgetEntity(
      { offlineStore, onlineStore, logger, eraseFromArchives },
      { manifest: project.manifest, entity: 'ad_user', key: 'erased|7', actor: 'test', reason: null },
    );
    const request = {
      rows: [row('kept', { clicks: 'many' }), row('erased'), row('kept'), row('erased', { user_id: 8 })],
      idempotencyKey: unique(),
    };
    const rejected = [
      { index: 0, code: 'REQUEST_INVALID' },
      { index: 1, code: 'ENTITY_ERASED', errors: [{ pointer: '/rows/1', detail: expect.any(String) }] },
    ];
    const pushed = await push(shop, request);
    expect(pushed).toMatchObject({ accepted: 2, rejected });
    expect(await push(shop, request)).toEqual(pushed);
    expect(await getRun(shop.store, 'shop', pushed.runId)).toMatchObject({
      status: 'partial',
      rows: { total: 4, done: 2, failed: 2 },
    });
    expect(await history(shop, 'erased')).toHaveLength(2);
    expect(await shop.online('ad_user_stats@1', 'erased|7')).toBeNull();
    expect(await push(shop, { rows: [row('erased')] })).toMatchObject({
      accepted: 0,
      rejected: [{ index: 0 }],
    });
  });

  test('reports some of a hundred thousand wrong members, in linear time', async ({ shop }) => {
    const names = Array.from({ length: 100_000 }, (_, at) => [`wrong_${at}`, 1] as const);
    const pushed = await push(shop, { rows: [row('wrong', Object.fromEntries(names))] });
    expect(pushed).toMatchObject({ accepted: 0, rejected: [{ index: 0 }] });
    expect(pushed.rejected[0]?.errors).toHaveLength(20);
  });

  test('returns the same answer for the same Idempotency-Key, even to concurrent requests', async ({
    shop,
  }) => {
    const idempotencyKey = unique();
    const rows = [row('again'), row('again', { clicks: false })];
    const first = await Promise.all([
      push(shop, { rows, idempotencyKey }),
      push(shop, { rows, idempotencyKey }),
    ]);
    const third = await push(shop, { rows, idempotencyKey });
    expect(new Set([...first, third].map(({ runId }) => runId)).size).toBe(1);
    for (const answer of [...first, third])
      expect(answer).toMatchObject({ accepted: 1, rejected: [{ index: 1 }] });
    expect(third.online).toBe(true);
    expect(await history(shop, 'again')).toHaveLength(1);
    await expect(push(shop, { rows: [row('other')], idempotencyKey })).rejects.toMatchObject({
      code: 'IDEMPOTENCY_KEY_REUSED',
    });
  });

  test('a correction wins over the earlier row, an older event does not', async ({ shop }) => {
    await push(shop, { rows: [row('fix', { clicks: 1 })] });
    await push(shop, { rows: [row('fix', { clicks: 2 })] });
    await push(shop, { rows: [row('fix', { clicks: 3, event_timestamp: '2026-10-01T00:00:00Z' })] });
    expect((await shop.online('ad_user_stats@1', 'fix|7'))?.values).toMatchObject({ clicks: 2n });
    expect(await history(shop, 'fix')).toHaveLength(3);
  });

  test('refuses a view with compute, and one that is not applied', async ({ shop }) => {
    await expect(push(shop, { view: 'ad_words' })).rejects.toMatchObject({ code: 'PUSH_NOT_SUPPORTED' });
    await expect(push(shop, { view: 'nothing' })).rejects.toMatchObject({ code: 'VIEW_NOT_FOUND' });
  });

  test('refuses a windowed view: a row would replace the tiles of its key', async ({ shop }) => {
    await expect(push(shop, { view: 'ad_windows' })).rejects.toMatchObject({
      code: 'PUSH_NOT_SUPPORTED',
      message: expect.stringContaining('POST /v1/events/ad_events'),
    });
  });

  test('leaves nothing when the process dies before the commit', async ({ shop }) => {
    const idempotencyKey = unique();
    const offlineStore: typeof shop.store = {
      ...shop.store,
      transaction: (work) =>
        shop.store.transaction(async (tx) => {
          await work(tx);
          throw new Error('The process ends here.');
        }),
    };
    const rows = [row('gone')];
    await expect(push(shop, { rows, idempotencyKey }, { offlineStore })).rejects.toThrow('ends here');
    expect(await history(shop, 'gone')).toEqual([]);
    expect(await shop.online('ad_user_stats@1', 'gone|7')).toBeNull();
    expect(await push(shop, { rows, idempotencyKey })).toMatchObject({ accepted: 1, online: true });
  });
});

describe('a process that dies between history and the online store', () => {
  test('leaves the push to a worker, which replays it; its failures are not computed', async ({ shop }) => {
    const dead = await startTestRedis();
    const connection = connectRedis(dead.url, { role: 'worker', commandTimeoutMs: 200 });
    await waitForRedis(connection, 30_000);
    await dead.stop();
    const idempotencyKey = unique();
    const rows = [
      row('late-1', { clicks: 11 }),
      row('late-2', { clicks: null }),
      row('late-3', { clicks: 'x' }),
    ];
    const onlineStore = createOnlineStore({
      redis: connection,
      project: 'shop',
      keyHasher: () => projectKeyHasher(shop.store, 'shop'),
    });
    const pushed = await push(shop, { rows, idempotencyKey }, { onlineStore });
    connection.disconnect();
    expect(pushed).toMatchObject({ accepted: 2, online: false });
    expect(await getRun(shop.store, 'shop', pushed.runId)).toMatchObject({ status: 'running' });
    expect(await shop.online('ad_user_stats@1', 'late-1|7')).toBeNull();
    expect(await push(shop, { rows, idempotencyKey })).toEqual(pushed);

    // The lease of the dead process.
    await shop.sql(`update larder.chunks set lease_expires_at = now() where state = 'landed_history'`);
    shop.materializer();
    expect(await shop.ended(pushed.runId)).toMatchObject({ status: 'partial', rows: { done: 2, failed: 1 } });
    expect((await shop.online('ad_user_stats@1', 'late-1|7'))?.values).toMatchObject({ clicks: 11n });
    expect((await shop.online('ad_user_stats@1', 'late-2|7'))?.values).toMatchObject({ clicks: null });
    expect(await history(shop, 'late-1')).toHaveLength(1);

    await retryFailed(shop.store, 'shop', pushed.runId);
    expect(await shop.ended(pushed.runId)).toMatchObject({ status: 'partial', rows: { done: 2, failed: 1 } });
    expect(await shop.sql(`select 1 from larder.chunks where run_id = '${pushed.runId}'`)).toHaveLength(1);
  });
});
