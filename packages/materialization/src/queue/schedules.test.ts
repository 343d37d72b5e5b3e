import { connectRedis } from '@larder/online-store';
import { startRedisProxy } from '@larder/testing';
import { describe, expect, vi } from 'vitest';
import { test } from '../../fixtures/shop.ts';
import { listRuns } from '../runs/index.ts';
import { queueScheduledRun } from './queue-scheduled-run.ts';
import { createSchedules, type ScheduleTick } from './schedules.ts';

describe('schedules', () => {
  test('tick once for all processes, follow the definitions, and come back after Redis lost them', async ({
    shop,
  }) => {
    const ticks: ScheduleTick[] = [];
    const start = () =>
      createSchedules({
        project: 'shop',
        redisUrl: shop.redisUrl,
        logger: shop.logger,
        onTick: async (tick) => {
          ticks.push(tick);
        },
      });
    const processes = [start(), start()];
    const everySecond = { ...shop.view('scheduled@1'), schedule: '* * * * * *' };
    for (const schedules of processes) await schedules.reconcile([everySecond, shop.view('ad_words@1')]);
    await vi.waitFor(() => expect(ticks.length).toBeGreaterThanOrEqual(2), { timeout: 8_000, interval: 20 });
    const due = ticks.map((tick) => tick.dueAt.getTime());
    expect(new Set(due).size).toBe(due.length);
    expect(due.every((ms) => ms % 1_000 === 0)).toBe(true);

    const redis = connectRedis(shop.redisUrl, { role: 'tool' });
    await redis.flushall();
    const before = ticks.length;
    await processes[0]?.reconcile([everySecond]);
    await vi.waitFor(() => expect(ticks.length).toBeGreaterThan(before), { timeout: 8_000, interval: 20 });

    await processes[0]?.reconcile([{ ...everySecond, schedule: null }]);
    expect(await redis.keys('*repeat:scheduled@1*')).toEqual([]);
    redis.disconnect();
    for (const schedules of processes) await schedules.close();
  });
});

describe('a schedule', () => {
  test('keeps a tick that fell due while no worker ran', async ({ shop }) => {
    const ticks: ScheduleTick[] = [];
    const start = () =>
      createSchedules({
        project: 'night',
        redisUrl: shop.redisUrl,
        logger: shop.logger,
        onTick: async (tick) => {
          ticks.push(tick);
        },
      });
    const everySecond = { ...shop.view('scheduled@1'), schedule: '* * * * * *' };
    const evening = start();
    await evening.reconcile([everySecond]);
    await vi.waitFor(() => expect(ticks.length).toBeGreaterThan(0), { timeout: 8_000, interval: 20 });
    await evening.close();
    const before = ticks.length;
    const closedAt = Date.now();
    await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(closedAt + 2_500), { timeout: 8_000 });
    const morning = start();
    await morning.reconcile([everySecond]);
    await vi.waitFor(() => expect(ticks.length).toBeGreaterThan(before), { timeout: 8_000, interval: 20 });
    expect(ticks[before]?.dueAt.getTime()).toBeLessThanOrEqual(closedAt + 1_000);
    await morning.close();
  });
});

describe('a consumer of schedules whose connections went silent', () => {
  test('is replaced when a tick is overdue at a second look', async ({ shop }) => {
    const proxy = await startRedisProxy(shop.redisUrl);
    const ticks: ScheduleTick[] = [];
    let wedges = 0;
    const schedules = createSchedules({
      project: 'silent',
      redisUrl: proxy.url,
      logger: shop.logger,
      onTick: async (tick) => void ticks.push(tick),
      onWedged: () => (wedges += 1),
    });
    const everySecond = { ...shop.view('scheduled@1'), schedule: '* * * * * *' };
    await schedules.reconcile([everySecond]);
    await vi.waitFor(() => expect(ticks.length).toBeGreaterThan(0), { timeout: 8_000, interval: 20 });
    proxy.silence('larder-queue');
    const before = ticks.length;
    await expect
      .poll(
        async () => {
          await schedules.reconcile([everySecond]);
          return ticks.length;
        },
        { timeout: 20_000, interval: 1_100 },
      )
      .toBeGreaterThan(before);
    expect(wedges).toBe(1);
    await schedules.close();
    await proxy.close();
  });
});

describe('a tick', () => {
  test('queues one run however often it is delivered, and none while one is open', async ({ shop }) => {
    const applied = shop.project.manifest;
    const tick = { viewRef: 'scheduled@1', dueAt: new Date('2026-03-01T04:00:00Z') };
    await Promise.all([queueScheduledRun(shop, applied, tick), queueScheduledRun(shop, applied, tick)]);
    await queueScheduledRun(shop, applied, { ...tick, dueAt: new Date('2026-03-01T05:00:00Z') });
    await queueScheduledRun(shop, applied, { ...tick, viewRef: 'removed@1' });
    await queueScheduledRun(shop, null, tick);
    const { runs } = await listRuns(shop.store, 'shop', { view: 'scheduled' });
    expect(runs).toMatchObject([{ trigger: 'schedule', status: 'queued', scope: { all: true } }]);
    await shop.sql(`update larder.runs set status = 'succeeded', finished_at = now()`);
    await queueScheduledRun(shop, applied, tick);
    expect((await listRuns(shop.store, 'shop', { view: 'scheduled' })).runs).toHaveLength(1);
    await queueScheduledRun(shop, applied, { ...tick, dueAt: new Date('2026-03-01T06:00:00Z') });
    expect((await listRuns(shop.store, 'shop', { view: 'scheduled' })).runs).toHaveLength(2);
  });
});
