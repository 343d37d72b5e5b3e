import { systemClock, type Clock } from '@larder/core';
import { describe, expect } from 'vitest';
import { test, unique, type Shop } from '../../fixtures/shop.ts';
import { getRun } from '../runs/index.ts';
import { forgetEndedRuns } from '../runs/retention/forget-ended-runs.ts';
import { createPushGroups, pushRows, type GroupedPushRequest } from './index.ts';

const VIEW = 'ad_user_stats';
const AT = '2026-11-01T10:00:00Z';

type Row = Readonly<Record<string, unknown>>;

function row(adId: string, changed: Row = {}): Row {
  return { ad_id: adId, user_id: 7, event_timestamp: AT, clicks: 3, spent: 0.5, note: null, ...changed };
}

function groupsOf({ store: offlineStore, onlineStore, logger, project }: Shop, clock: Clock = systemClock) {
  const groups = createPushGroups({ offlineStore, onlineStore, logger, clock });
  return {
    ...groups,
    push: (rows: readonly Row[], request: Partial<GroupedPushRequest> = {}) =>
      groups.push({ manifest: project.manifest, view: VIEW, rows, sizeBytes: 100, ...request }),
  };
}

const landed = async (shop: Shop, adId: string) =>
  (await shop.sql(`select 1 from shop_history.ad_user_stats_v1 where ad_id = '${adId}'`)).length;

describe('createPushGroups', () => {
  test('pushes that arrive together share a run; each answer has its own rows', async ({ shop }) => {
    const groups = groupsOf(shop);
    const answers = await Promise.all([
      groups.push([row('first')]),
      groups.push([row('a')]),
      groups.push([row('bad', { clicks: 'many' }), row('b')]),
      groups.push([row('c'), row('d', { user_id: 'nobody' }), row('e')]),
      groups.push([row('worse', { event_timestamp: '2999-01-01T00:00:00Z' })]),
    ]);
    expect(answers.map(({ accepted, online }) => ({ accepted, online }))).toEqual(
      [1, 1, 1, 2, 0].map((accepted) => ({ accepted, online: true })),
    );
    expect(answers.map(({ rejected }) => rejected.map(({ index }) => index))).toEqual([
      [],
      [],
      [0],
      [1],
      [0],
    ]);
    expect(answers[2]?.rejected[0]?.errors[0]?.pointer).toBe('/rows/0/clicks');
    const [first, ...others] = answers.map(({ runId }) => runId);
    expect(new Set(others).size).toBe(1);
    expect(others).not.toContain(first);
    expect(await getRun(shop.store, 'shop', others[0] as string)).toMatchObject({
      trigger: 'push',
      status: 'partial',
      rows: { total: 7, done: 4, failed: 3 },
    });
    for (const adId of ['first', 'a', 'b', 'c', 'e']) {
      expect(await landed(shop, adId)).toBe(1);
      expect(await shop.online('ad_user_stats@1', `${adId}|7`)).not.toBeNull();
    }
    await groups.close();
  });

  test('a member that PostgreSQL cannot store is rejected, also with a key, and again on a retry', async ({
    shop,
  }) => {
    const groups = groupsOf(shop);
    const push = () =>
      groups.push([row('sound'), row('nul', { 'a\0': 1 }), row('half', { '\ud800': 1 })], {
        idempotencyKey: 'unstorable',
      });
    const first = await push();
    expect(first).toMatchObject({ accepted: 1, rejected: [{ index: 1 }, { index: 2 }] });
    const { runId, accepted, rejected } = await push();
    expect({ runId, accepted, rejected: rejected.length }).toEqual({
      runId: first.runId,
      accepted: 1,
      rejected: 2,
    });
    await groups.close();
  });

  test('a key that is forgotten while it is looked up is a new one', async ({ shop }) => {
    const request = {
      manifest: shop.project.manifest,
      view: VIEW,
      rows: [row('again')],
      idempotencyKey: 'old',
    };
    const deps = { onlineStore: shop.onlineStore, logger: shop.logger, clock: systemClock };
    const { runId } = await pushRows({ ...deps, offlineStore: shop.store }, request);
    const transaction: typeof shop.store.transaction = async (work) => {
      const result = await shop.store.transaction(work);
      await shop.sql(`delete from larder.runs where run_id = '${runId}'`);
      return result;
    };
    const again = await pushRows({ ...deps, offlineStore: { ...shop.store, transaction } }, request);
    expect(again).toMatchObject({ accepted: 1, online: true });
    expect(again.runId).not.toBe(runId);
  });

  test('a single caller gets a run for each push', async ({ shop }) => {
    const groups = groupsOf(shop);
    const runs = [await groups.push([row('lone')]), await groups.push([row('lone')])];
    expect(new Set(runs.map(({ runId }) => runId)).size).toBe(2);
    await groups.close();
  });

  test('of pushes at the same instant the last wins, across groups and within one', async ({ shop }) => {
    const groups = groupsOf(shop, { nowMs: () => Date.parse('2026-11-02T00:00:00Z') });
    const pushes = Array.from({ length: 60 }, (_, clicks) =>
      groups.push([row('ordered', { clicks })], { sizeBytes: clicks % 5 === 0 ? 9_000_000 : 1 }),
    );
    const answers = await Promise.all(pushes);
    expect(new Set(answers.map(({ runId }) => runId)).size).toBeGreaterThan(10);
    expect((await shop.online('ad_user_stats@1', 'ordered|7'))?.values).toMatchObject({ clicks: 59n });
    const newest = await shop.sql(
      `select clicks::text from shop_history.ad_user_stats_v1 where ad_id = 'ordered' order by revision desc limit 1`,
    );
    expect(newest).toEqual([{ clicks: '59' }]);
    await groups.close();
  });

  test('rows that history refuses fail only their own push', async ({ shop }) => {
    await shop.sql(`
      create function refuse() returns trigger language plpgsql as $$ begin raise exception 'refused'; end $$;
      create trigger refuse before insert on shop_history.ad_user_stats_v1 for each row when (new.note = 'poison')
        execute function refuse()`);
    const groups = groupsOf(shop);
    const outcomes = await Promise.allSettled([
      groups.push([row('before')]),
      groups.push([row('one')]),
      groups.push([row('poison', { note: 'poison' })]),
      groups.push([row('two')]),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
    expect([await landed(shop, 'one'), await landed(shop, 'poison'), await landed(shop, 'two')]).toEqual([
      1, 0, 1,
    ]);
    await groups.close();
  });

  test('puts no more rows into a run than the limit', async ({ shop }) => {
    const groups = groupsOf(shop);
    const rows = (from: string) => Array.from({ length: 900 }, (_, at) => row(`${from}-${at}`));
    const answers = await Promise.all(['w', 'x', 'y', 'z'].map((from) => groups.push(rows(from))));
    const sizes = new Map<string, number>();
    for (const { runId, accepted } of answers) sizes.set(runId, (sizes.get(runId) ?? 0) + accepted);
    expect(Math.max(...sizes.values())).toBeLessThanOrEqual(2_000);
    await groups.close();
  });

  test('closing lands waiting pushes', async ({ shop }) => {
    const groups = groupsOf(shop);
    const pushes = ['s', 't', 'u'].map((adId) => groups.push([row(`closed-${adId}`)]));
    await Promise.resolve();
    await Promise.all([Promise.all(pushes), groups.close()]);
    for (const adId of ['s', 't', 'u']) expect(await landed(shop, `closed-${adId}`)).toBe(1);
  });
});

describe('idempotency keys', () => {
  test('have one effect and one answer, even twice in a group; another request with the key fails alone', async ({
    shop,
  }) => {
    const groups = groupsOf(shop);
    const idempotencyKey = unique();
    const rows = [row('keyed'), row('keyed', { clicks: false })];
    const outcomes = await Promise.allSettled([
      groups.push([row('head')]),
      groups.push(rows, { idempotencyKey }),
      groups.push(rows, { idempotencyKey }),
      groups.push([row('other')], { idempotencyKey }),
      groups.push([row('neighbour')]),
    ]);
    const [, one, two, other, neighbour] = outcomes;
    expect(one).toMatchObject({ status: 'fulfilled', value: { accepted: 1, rejected: [{ index: 1 }] } });
    expect(two).toEqual(one);
    expect(other).toMatchObject({ status: 'rejected', reason: { code: 'IDEMPOTENCY_KEY_REUSED' } });
    expect(neighbour).toMatchObject({ status: 'fulfilled', value: { accepted: 1, online: true } });
    expect([await landed(shop, 'keyed'), await landed(shop, 'other')]).toEqual([1, 0]);
    const again = await groups.push(rows, { idempotencyKey });
    expect({ status: 'fulfilled', value: again }).toEqual(one);
    await groups.close();
  });

  test('two services that get the same pushes at once in opposite order land each once', async ({ shop }) => {
    const services = [groupsOf(shop), groupsOf(shop)];
    const keys = Array.from({ length: 40 }, () => unique());
    const answers = await Promise.all(
      services.map((groups, service) =>
        Promise.all(
          (service === 0 ? keys : keys.toReversed()).map(async (idempotencyKey) => {
            const answer = await groups.push([row(`both-${idempotencyKey}`)], { idempotencyKey });
            return [idempotencyKey, answer] as const;
          }),
        ),
      ),
    );
    const [here, there] = answers.map((each) => new Map(each));
    for (const key of keys) {
      expect(here?.get(key)).toMatchObject({ accepted: 1 });
      expect(here?.get(key)?.runId).toBe(there?.get(key)?.runId);
      expect(await landed(shop, `both-${key}`)).toBe(1);
    }
    await Promise.all(services.map((groups) => groups.close()));
  });

  test('a key that a process of the previous version stored with its run still counts', async ({ shop }) => {
    const { store: offlineStore, onlineStore, logger, project } = shop;
    const idempotencyKey = unique();
    const deps = { offlineStore, onlineStore, logger, clock: systemClock };
    const request = { manifest: project.manifest, view: VIEW, rows: [row('older')], idempotencyKey };
    const first = await pushRows(deps, request);
    // As stored by the previous version.
    await shop.sql(`
      update larder.runs r set idempotency_key = p.idempotency_key, request_sha256 = p.request_sha256
      from larder.pushes p where p.run_id = r.run_id and p.idempotency_key = '${idempotencyKey}';
      update larder.chunks c set bounds = jsonb_build_object('kind', 'pushed', 'answer', p.answer)
      from larder.pushes p where p.run_id = c.run_id and p.idempotency_key = '${idempotencyKey}';
      delete from larder.pushes where idempotency_key = '${idempotencyKey}'`);
    expect(await pushRows(deps, request)).toEqual(first);
    expect(await landed(shop, 'older')).toBe(1);
  });

  test('start no backfill', async ({ shop }) => {
    const groups = groupsOf(shop);
    const idempotencyKey = unique();
    const { runId } = await groups.push([row('pushed')], { idempotencyKey });
    await expect(shop.backfill(VIEW, { idempotencyKey })).rejects.toMatchObject({
      code: 'IDEMPOTENCY_KEY_REUSED',
      message: expect.stringContaining(runId),
    });
    await groups.close();
  });

  test('are deleted with their run', async ({ shop }) => {
    const groups = groupsOf(shop);
    const idempotencyKey = unique();
    const { runId } = await groups.push([row('kept')], { idempotencyKey });
    await shop.sql(
      `update larder.runs set finished_at = now() - interval '2 days' where run_id = '${runId}'`,
    );
    await forgetEndedRuns(shop.store, 'shop', { runsMs: 'forever', pushesMs: 86_400_000 });
    expect(await shop.sql(`select 1 from larder.pushes where run_id = '${runId}'`)).toEqual([]);
    expect((await groups.push([row('kept')], { idempotencyKey })).runId).not.toBe(runId);
    await groups.close();
  });
});
