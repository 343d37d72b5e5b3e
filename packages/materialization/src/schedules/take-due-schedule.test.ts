import { newId } from '@larder/core';
import type { Manifest, ScheduleManifest } from '@larder/features';
import { startPostgresProxy } from '@larder/testing';
import { createOfflineStore, type OfflineStore } from '@larder/offline-store';
import { describe, expect, onTestFinished, vi } from 'vitest';
import { test } from '../../fixtures/shop.ts';
import { listRuns } from '../runs/index.ts';
import { listSchedules } from './list-schedules.ts';
import { syncSchedulesIn } from './sync-schedules.ts';
import { fireDueSchedules } from './fire-due-schedules.ts';
import { takeDueSchedule } from './take-due-schedule.ts';

const REF = 'scheduled@1';

/** The fixture's project under its own name, with one schedule. */
function manifestOf(shop: { project: { manifest: Manifest } }, schedule: ScheduleManifest | null): Manifest {
  const { manifest } = shop.project;
  const view = manifest.feature_views[REF];
  if (!view) throw new Error('The fixture has no scheduled view.');
  return { ...manifest, project: `p${newId()}`, models: {}, feature_views: { [REF]: { ...view, schedule } } };
}

const apply = (store: OfflineStore, manifest: Manifest) =>
  store.transaction((tx) => syncSchedulesIn(tx, manifest));

/** Sets when the schedule is due, relative to PostgreSQL's now. */
const due = (store: OfflineStore, { project }: Manifest, ago: string) =>
  store.pool.query(
    `update larder.schedules set due_at = date_trunc('minute', now() - $2::interval) where project = $1`,
    [project, ago],
  );

async function runsOf(store: OfflineStore, { project }: Manifest) {
  return (await listRuns(store, project, {})).runs;
}

const standing = async (store: OfflineStore, { project }: Manifest) =>
  (await listSchedules(store, project)).get(REF);

describe('a schedule that is due', () => {
  test('queues one run however many processes look, and is next due after now', async ({ shop }) => {
    const { store } = shop;
    const manifest = manifestOf(shop, '0 4 * * *');
    await apply(store, manifest);
    expect(await takeDueSchedule(store, manifest.project)).toBeNull();
    await due(store, manifest, '1 second');
    const taken = await Promise.all(
      Array.from({ length: 8 }, () => takeDueSchedule(store, manifest.project)),
    );
    expect(taken.filter((each) => each !== null)).toMatchObject([{ view: REF, outcome: 'queued' }]);
    const [run, ...others] = await runsOf(store, manifest);
    expect(run).toMatchObject({
      view: 'scheduled',
      trigger: 'schedule',
      status: 'queued',
      scope: { all: true },
    });
    expect(others).toEqual([]);
    expect(await standing(store, manifest)).toMatchObject({ runsQueued: 1, last: { outcome: 'queued' } });
    const next = (await standing(store, manifest))?.nextDueAt;
    expect(next?.toISOString()).toMatch(/T04:00:00.000Z$/);
    expect(Number(next)).toBeGreaterThan(Date.now());
  });

  test('is due again when its taker dies before the run is committed', async ({ shop }) => {
    const { store } = shop;
    const manifest = manifestOf(shop, '0 4 * * *');
    await apply(store, manifest);
    await due(store, manifest, '1 second');
    const client = await store.pool.connect();
    await client.query('begin');
    await client.query('select 1 from larder.schedules where project = $1 for update', [manifest.project]);
    expect(await takeDueSchedule(store, manifest.project)).toBeNull();
    client.release(true);
    await expect.poll(() => takeDueSchedule(store, manifest.project)).toMatchObject({ outcome: 'queued' });
    expect(await runsOf(store, manifest)).toHaveLength(1);
  });

  test('is left out, and counted, while the previous run is open', async ({ shop }) => {
    const { store } = shop;
    const manifest = manifestOf(shop, '* * * * *');
    await apply(store, manifest);
    await due(store, manifest, '10 minutes');
    expect(await takeDueSchedule(store, manifest.project)).toMatchObject({ outcome: 'queued' });
    await due(store, manifest, '1 second');
    expect(await takeDueSchedule(store, manifest.project)).toMatchObject({
      outcome: 'left_out',
      runId: null,
    });
    expect(await runsOf(store, manifest)).toHaveLength(1);
    expect(await standing(store, manifest)).toMatchObject({ runsQueued: 1, runsLeftOut: 1 });
    await store.pool.query(
      `update larder.runs set status = 'succeeded', finished_at = now(), idempotency_key = null where project = $1`,
      [manifest.project],
    );
    await due(store, manifest, '1 second');
    expect(await takeDueSchedule(store, manifest.project)).toMatchObject({ outcome: 'queued' });
  });

  test('runs once after an outage, for the latest due time', async ({ shop }) => {
    const { store } = shop;
    const manifest = manifestOf(shop, '0 * * * *');
    await apply(store, manifest);
    await due(store, manifest, '400 days');
    const taken = await takeDueSchedule(store, manifest.project);
    expect(taken).toMatchObject({ outcome: 'queued' });
    const lateMs = Date.now() - Number(taken?.dueAt);
    expect(lateMs).toBeLessThan(3_700_000);
    expect(await takeDueSchedule(store, manifest.project)).toBeNull();
    expect(await runsOf(store, manifest)).toHaveLength(1);
  });

  test('that skips missed runs is skipped when it is late, but not when the latest due time is recent', async ({
    shop,
  }) => {
    const { store } = shop;
    const skipping = (cron: string) => manifestOf(shop, { cron, time_zone: 'UTC', missed: 'skip' });
    const yearly = skipping('0 0 29 2 *');
    await apply(store, yearly);
    await due(store, yearly, '7 minutes');
    expect(await takeDueSchedule(store, yearly.project)).toMatchObject({ outcome: 'skipped', runId: null });
    expect(await runsOf(store, yearly)).toEqual([]);
    expect(await standing(store, yearly)).toMatchObject({ runsSkipped: 1, last: { outcome: 'skipped' } });
    await due(store, yearly, '1 minute');
    expect(await takeDueSchedule(store, yearly.project)).toMatchObject({ outcome: 'queued' });

    const everyMinute = skipping('* * * * *');
    await apply(store, everyMinute);
    await due(store, everyMinute, '3 hours');
    expect(await takeDueSchedule(store, everyMinute.project)).toMatchObject({ outcome: 'queued' });
  });

  test('depends only on the clock of PostgreSQL', async ({ shop }) => {
    const { store } = shop;
    const manifest = manifestOf(shop, '0 4 * * *');
    onTestFinished(() => void vi.useRealTimers());
    for (const wrongMs of [-86_400_000, 86_400_000]) {
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + wrongMs });
      await apply(store, { ...manifest, feature_views: {} });
      await apply(store, manifest);
      expect(await takeDueSchedule(store, manifest.project)).toBeNull();
      vi.useRealTimers();
      const inMs = Number((await standing(store, manifest))?.nextDueAt) - Date.now();
      expect(inMs).toBeGreaterThan(-60_000);
      expect(inMs).toBeLessThan(86_400_000);
    }
  });

  test('while PostgreSQL is down is taken once it is back', async ({ shop }) => {
    const { store, databaseUrl, logger } = shop;
    const manifest = manifestOf(shop, '0 4 * * *');
    await apply(store, manifest);
    const proxy = await startPostgresProxy(databaseUrl);
    const far = createOfflineStore({ databaseUrl: proxy.url, logger });
    onTestFinished(() => far.close());
    await proxy.cut();
    await due(store, manifest, '1 second');
    await expect(takeDueSchedule(far, manifest.project)).rejects.toThrow(/PostgreSQL does not answer/);
    await proxy.restore();
    expect(await takeDueSchedule(far, manifest.project)).toMatchObject({ outcome: 'queued' });
    expect(await runsOf(store, manifest)).toHaveLength(1);
  });
});

describe('applying', () => {
  test('does not lose a due time that has passed, and sets the next by the new schedule', async ({
    shop,
  }) => {
    const { store } = shop;
    const manifest = manifestOf(shop, '0 4 * * *');
    const view = manifest.feature_views[REF];
    if (!view) throw new Error('The schedule is missing.');
    const changed = (schedule: ScheduleManifest) => ({
      ...manifest,
      feature_views: { [REF]: { ...view, schedule } },
    });
    await apply(store, manifest);
    await apply(store, changed('30 5 * * *'));
    expect((await standing(store, manifest))?.nextDueAt?.toISOString()).toMatch(/T05:30:00.000Z$/);
    await due(store, manifest, '2 minutes');
    await apply(store, changed('0 6 1 1 *'));
    expect(await takeDueSchedule(store, manifest.project)).toMatchObject({ outcome: 'queued' });
    expect((await standing(store, manifest))?.nextDueAt?.toISOString()).toMatch(/-01-01T06:00:00.000Z$/);
  });

  test('applying the same again changes nothing, and a removed schedule is deleted', async ({ shop }) => {
    const { store } = shop;
    const manifest = manifestOf(shop, '0 4 * * *');
    await apply(store, manifest);
    await due(store, manifest, '1 hour');
    const before = await standing(store, manifest);
    await apply(store, manifest);
    expect(await standing(store, manifest)).toEqual(before);
    await apply(store, { ...manifest, feature_views: {} });
    expect(await standing(store, manifest)).toBeUndefined();
    expect(await takeDueSchedule(store, manifest.project)).toBeNull();
  });

  test('a new version at the moment of taking results in exactly one run', async ({ shop }) => {
    const { store } = shop;
    const manifest = manifestOf(shop, '0 4 * * *');
    await apply(store, manifest);
    await due(store, manifest, '1 minute');
    const other: Manifest = {
      ...manifest,
      feature_views: { [REF]: { ...shop.view(REF), schedule: '0 5 * * *' } },
    };
    await Promise.all([
      takeDueSchedule(store, manifest.project),
      apply(store, other),
      takeDueSchedule(store, manifest.project),
    ]);
    await takeDueSchedule(store, manifest.project);
    expect(await runsOf(store, manifest)).toHaveLength(1);
    expect((await standing(store, manifest))?.nextDueAt?.toISOString()).toMatch(/T05:00:00.000Z$/);
  });

  test('schedules only versions that a model reads, and the newest', async ({ shop }) => {
    const { store } = shop;
    const base = manifestOf(shop, '0 4 * * *');
    const view = shop.view(REF);
    const scheduled = (version: number) => ({ ...view, version, schedule: '0 4 * * *' });
    const model = { inputs: [{ view: 'bright', version: null, features: ['one'] }] };
    const onDemand = { inputs: [{ view: view.name, version: 1, features: ['one'] }] };
    await apply(store, {
      ...base,
      feature_views: {
        'scheduled@1': scheduled(1),
        'scheduled@2': scheduled(2),
        'scheduled@3': scheduled(3),
      },
      on_demand_feature_views: { bright: onDemand },
      models: { m: model },
    } as unknown as Manifest);
    expect([...(await listSchedules(store, base.project)).keys()].toSorted()).toEqual([
      'scheduled@1',
      'scheduled@3',
    ]);
  });
});

test('a schedule that cannot be taken is reported, stays due, and does not delay others', async ({
  shop,
}) => {
  const { store, logger } = shop;
  const manifest = manifestOf(shop, '0 4 * * *');
  const view = manifest.feature_views[REF];
  if (!view) throw new Error('The fixture has no scheduled view.');
  const names = ['unknown', REF.slice(0, -2)];
  await apply(store, {
    ...manifest,
    feature_views: Object.fromEntries(names.map((name) => [`${name}@1`, { ...view, name }])),
  });
  await due(store, manifest, '1 hour');
  const elsewhere = { cron: '0 4 * * *', time_zone: 'Mars/Olympus', missed: 'once' };
  await store.pool.query(
    `update larder.schedules set schedule = $2, due_at = due_at - interval '1 day' where project = $1 and view = 'unknown'`,
    [manifest.project, JSON.stringify(elsewhere)],
  );
  const taken: string[] = [];
  const fire = () =>
    fireDueSchedules({
      store,
      projectName: manifest.project,
      observer: { scheduleTaken: (ref, outcome) => void taken.push(`${ref} ${outcome}`) },
      logger,
    });
  const refusal = /The schedule of unknown@1 cannot be taken: .*Mars\/Olympus/;
  await expect(fire()).rejects.toThrow(refusal);
  expect(taken).toEqual([`${REF} queued`]);
  await expect(fire()).rejects.toThrow(refusal);
  expect((await runsOf(store, manifest)).map((run) => run.view)).toEqual(['scheduled']);
});

test('a worker queues a due schedule and reports it', async ({ shop }) => {
  const { store, project } = shop;
  await apply(store, project.manifest);
  await due(store, project.manifest, '1 second');
  const taken: string[] = [];
  shop.materializer({
    observer: {
      consumerWedged() {},
      chunkEnded() {},
      rowsLanded() {},
      scheduleTaken: (view, outcome) => void taken.push(`${view} ${outcome}`),
    },
  });
  await expect.poll(() => taken, { timeout: 60_000 }).toContain('scheduled@1 queued');
});
