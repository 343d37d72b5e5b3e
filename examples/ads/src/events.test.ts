import { join, resolve } from 'node:path';
import type { EventsAnswer, OnlineFeaturesAnswer, Run } from '@larder/contracts';
import { newId } from '@larder/core';
import { startStack } from '@larder/infra/stack';
import { test } from '@larder/testing';
import { expect, inject, vi } from 'vitest';
import { demoAds } from './catalogue/demo-ads.ts';
import { seedAds } from './seed.ts';
import { ageInDays, DAY_MS, simulateWeek } from './simulation/audience.ts';
import { callLarder } from './call-larder.ts';

const EVENTS = 100;
const MAX_MS = 1_000;
const ADS = demoAds().slice(0, 20);

test('the windows of an ad have its past from ad_days, and every event within a second of its sending', async ({
  database,
  redis,
  onTestFinished,
}) => {
  await seedAds({ databaseUrl: database.url, feedUrl: 'http://127.0.0.1:1', ads: ADS });
  const stack = await startStack({
    project: resolve(import.meta.dirname, '../larder.config.ts'),
    root: join(inject('testFolder'), `ads-${newId()}`),
    databaseUrl: database.url,
    redisUrl: redis.url,
    port: 26_690,
    env: { LARDER_CONNECTION_ADS_URL: database.url, LARDER_WORKER_SLOTS: '2' },
  });
  onTestFinished(() => stack.stop());
  const call = <Answer>(path: string, body?: object) => callLarder<Answer>(stack.inferenceUrl, path, body);
  const read = async (features: readonly string[], ads: readonly string[]) => {
    const { rows } = await call<OnlineFeaturesAnswer>('/v1/features/online', {
      features,
      entities: ads.map((ad_id) => ({ ad_id })),
    });
    return rows.map(({ values }) => values);
  };

  const { run_id: id } = await call<Run>('/v1/backfills', { view: 'ad_events', scope: { all: true } });
  await vi.waitUntil(async () => (await call<Run>(`/v1/runs/${id}`)).finished_at !== null, 60_000);
  const today = new Date(Math.floor(Date.now() / DAY_MS) * DAY_MS);
  const weeks = ADS.map((ad) => {
    const days = simulateWeek(ad, today);
    return [
      days.reduce((sum, { impressions }) => sum + impressions, 0),
      days.reduce((sum, { clicks }) => sum + clicks, 0),
    ];
  });
  const week = ['ad_stats:impressions_7d', 'ad_stats:clicks_7d'];
  expect(
    await read(
      week,
      ADS.map(({ adId }) => adId),
    ),
  ).toEqual(weeks);

  const old = ADS.findIndex((ad) => ageInDays(ad) > 0);
  const [adId, [impressions = 0, clicks = 0]] = [ADS[old]?.adId ?? '', weeks[old] ?? []];
  expect(impressions).toBeGreaterThan(0);
  const latencies: number[] = [];
  /** The same for a request that does nothing. */
  const floor: number[] = [];
  for (let sent = 1; sent <= EVENTS; sent++) {
    const askedMs = performance.now();
    await call('/health/live');
    floor.push(performance.now() - askedMs);
    const startedMs = performance.now();
    const { accepted } = await call<EventsAnswer>('/v1/events/ad_events', {
      events: [
        {
          event_id: `event-${sent}`,
          event_timestamp: new Date().toISOString(),
          ad_id: adId,
          impressions: 1,
          clicks: sent % 4 === 0 ? 1 : 0,
        },
      ],
    });
    expect(accepted).toBe(1);
    await vi.waitUntil(async () => (await read(['ad_stats:impressions_1h'], [adId]))[0]?.[0] === sent, {
      timeout: 60_000,
      interval: 5,
    });
    latencies.push(performance.now() - startedMs);
  }
  expect(await read(['ad_stats:clicks_1h', ...week], [adId])).toEqual([
    [EVENTS / 4, impressions + EVENTS, clicks + EVENTS / 4],
  ]);
  // A busy machine makes both slower.
  expect(p99Of(latencies)).toBeLessThan(MAX_MS + 10 * p99Of(floor));
});

function p99Of(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(0.99 * values.length) - 1] ?? NaN;
}
