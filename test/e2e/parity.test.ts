import { join, resolve } from 'node:path';
import type { PredictionDetail, Run } from '@larder/contracts';
import { demoAds, drawPictures, seedAds, startScript } from '@larder/example-ads';
import { startStack } from '@larder/infra/stack';
import { test } from '@larder/testing';
import { expect, inject, vi } from 'vitest';
import { jsonOf, larder } from '../../apps/cli/fixtures/run-cli.ts';
import { call } from './ads-stack.ts';

const ADS = demoAds().slice(0, 6);
const WAIT = { timeout: 150_000, interval: 50 };
const PROJECT = resolve(import.meta.dirname, '../../examples/ads/larder.config.ts');

interface Parity {
  readonly predictions: number;
  readonly unexplained: number;
  readonly unchecked: object;
  readonly features: readonly {
    readonly ref: string;
    readonly compared: number;
    /** Unexplained differences. */
    readonly examples: readonly object[];
  }[];
}

test('what the example served before, during and after its backfills, while events came in, is what a training set would hold', async ({
  database,
  redis,
  onTestFinished,
}) => {
  const folder = join(inject('testFolder'), 'parity');
  await drawPictures({ folder, ads: ADS });
  const feed = await startScript('feed-process.ts', ['--folder', folder], folder);
  onTestFinished(() => feed.stop());
  await seedAds({ databaseUrl: database.url, feedUrl: feed.url, ads: ADS });
  const stack = await startStack({
    project: PROJECT,
    root: folder,
    databaseUrl: database.url,
    redisUrl: redis.url,
    port: 26_610,
    env: { LARDER_CONNECTION_ADS_URL: database.url, LARDER_WORKER_SLOTS: '2' },
  });
  onTestFinished(() => stack.stop());
  const url = stack.inferenceUrl;

  let asked = 0;
  let lastId = '';
  const predictAll = async (): Promise<void> => {
    for (const { adId } of ADS) {
      const answer = await call<{ prediction_id: string }>(`${url}/v1/models/ad_ctr/predict`, {
        entities: { ad_id: adId },
        request: {
          requested_at: new Date().toISOString(),
          placement: asked % 2 === 0 ? 'feed' : 'story',
          bid: 0.1 + asked / 7,
        },
        options: { deadline_ms: 5_000 },
      });
      asked += 1;
      lastId = answer.prediction_id;
      await call(`${url}/v1/events/ad_events`, {
        events: [
          {
            event_id: `shown-${lastId}`,
            event_timestamp: new Date().toISOString(),
            ad_id: adId,
            impressions: 1,
            clicks: asked % 3 === 0 ? 1 : 0,
          },
        ],
      });
    }
  };
  await predictAll();
  const runs = await Promise.all(
    ['ad_image', 'ad_text', 'ad_events'].map((view) =>
      call<Run>(`${url}/v1/backfills`, { view, scope: { all: true } }),
    ),
  );
  const finished = async (): Promise<boolean> => {
    const now = await Promise.all(runs.map(({ run_id: id }) => call<Run>(`${url}/v1/runs/${id}`)));
    return now.every(({ finished_at: at }) => at !== null);
  };
  await vi.waitUntil(async () => {
    await predictAll();
    return finished();
  }, WAIT);
  await predictAll();

  const cli = (...args: readonly string[]) =>
    larder([
      ...args,
      '--json',
      '--project',
      PROJECT,
      '--database-url',
      database.url,
      '--redis-url',
      redis.url,
    ]);
  const parity = await vi.waitFor(async () => {
    const found = jsonOf(await cli('parity', 'ad_ctr', '--limit', '100000')) as unknown as Parity;
    expect(found.predictions).toBe(asked);
    return found;
  }, WAIT);
  const differing = parity.features.filter(({ examples }) => examples.length > 0);
  expect({ ...parity, features: differing }).toMatchObject({
    features: [],
    unexplained: 0,
    unchecked: {},
    complete: true,
  });
  for (const { ref, compared } of parity.features) expect([ref, compared]).toEqual([ref, asked]);

  const shown = jsonOf(await cli('predictions', 'show', lastId)) as unknown as PredictionDetail;
  expect(shown).toEqual(await call<PredictionDetail>(`${url}/v1/predictions/${lastId}`));
  expect(shown.features?.every(({ value_from: from }) => from !== null)).toBe(true);
  // A window is of many events, so no one run wrote it.
  const [image, text] = runs.map(({ run_id: id }) => id);
  expect(Object.fromEntries(shown.views.map(({ ref, run_id: id }) => [ref, id]))).toEqual({
    'ad_image@1': image,
    'ad_text@1': text,
    'ad_stats@1': null,
  });
  const listed = await cli(
    'predictions',
    'ad_ctr',
    '--entity',
    'ad',
    '--key',
    ADS[0]?.adId ?? '',
    '--histogram',
    '5',
  );
  expect(listed.code).toBe(0);

  // One planted difference: exit code 1, with the feature and the cause.
  await stack.stop();
  const { Pool } = (await import('pg')).default;
  const pool = new Pool({ connectionString: database.url });
  onTestFinished(() => pool.end());
  await pool.query('update ads_history.ad_image_v1 set brightness = brightness + 0.25');
  const planted = await cli('parity', 'ad_ctr', '--limit', '6');
  expect(planted.code).toBe(1);
  expect(jsonOf(planted)).toMatchObject({
    unexplained: 6,
    features: expect.arrayContaining([
      expect.objectContaining({
        ref: 'ad_image@1:brightness',
        causes: { value: 6, time: 0, default: 0, version: 0 },
      }),
    ]) as unknown,
  });
});
