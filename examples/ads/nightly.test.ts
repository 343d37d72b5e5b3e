import { join, resolve } from 'node:path';
import type { OnlineFeaturesAnswer, PredictAnswer, Run } from '@larder/contracts';
import { newId } from '@larder/core';
import { startStack } from '@larder/infra/stack';
import { test } from '@larder/testing';
import { expect, inject, vi } from 'vitest';
import { demoAds } from './src/catalogue/demo-ads.ts';
import { startFeed } from './src/feed.ts';
import { drawPictures } from './src/pictures/draw-pictures.ts';
import { seedAds } from './src/seed.ts';
import { callLarder } from './src/call-larder.ts';

const ADS = demoAds().slice(0, 4);
const WAIT = { timeout: 150_000, interval: 50 };

interface Graph {
  readonly runs: readonly { readonly run_id: string; readonly view: string; readonly status: string }[];
  readonly links: readonly { readonly parent_run_id: string; readonly run_id: string }[];
}

test('the night: pictures are fetched, their features flow into scores, with the windows of that moment', async ({
  database,
  redis,
  onTestFinished,
}) => {
  const folder = join(inject('testFolder'), `night-${newId()}`);
  await drawPictures({ folder, ads: ADS });
  const feed = await startFeed({ folder });
  onTestFinished(() => feed.close());
  await seedAds({ databaseUrl: database.url, feedUrl: feed.url, ads: ADS });
  const stack = await startStack({
    project: resolve(import.meta.dirname, 'larder.config.ts'),
    root: folder,
    databaseUrl: database.url,
    redisUrl: redis.url,
    port: 26_710,
    env: { LARDER_CONNECTION_ADS_URL: database.url, LARDER_WORKER_SLOTS: '2' },
  });
  onTestFinished(() => stack.stop());
  const call = <Answer>(path: string, body?: object) => callLarder<Answer>(stack.inferenceUrl, path, body);
  const begin = async (view: string) =>
    (await call<Run>('/v1/backfills', { view, scope: { all: true } })).run_id;
  const ended = (id: string) =>
    vi.waitFor(async () => {
      const run = await call<Run>(`/v1/runs/${id}`);
      expect(run.finished_at).not.toBeNull();
      return run;
    }, WAIT);

  expect(await ended(await begin('ad_events'))).toMatchObject({ status: 'succeeded' });
  // What the schedule of four o'clock starts.
  const [image, text] = [await begin('ad_image'), await begin('ad_text')];
  for (const id of [image, text]) expect(await ended(id)).toMatchObject({ status: 'succeeded' });
  const scores = await vi.waitFor(async () => {
    const { links } = await call<Graph>(`/v1/runs/${text}/graph`);
    expect(links).toHaveLength(1);
    return links[0]?.run_id ?? '';
  }, WAIT);
  expect(await ended(scores)).toMatchObject({ status: 'succeeded', view: 'ad_scores', trigger: 'chain' });
  const { runs, links } = await call<Graph>(`/v1/runs/${scores}/graph`);
  expect(runs.map(({ view }) => view).toSorted()).toEqual(['ad_image', 'ad_scores', 'ad_text']);
  expect(links.map(({ parent_run_id: parent }) => parent).toSorted()).toEqual([image, text].toSorted());

  // What the schedule of five o'clock starts: all ads, also those whose pictures are old.
  expect(await ended(await begin('ad_scores'))).toMatchObject({
    status: 'succeeded',
    rows: { total: ADS.length, done: ADS.length },
  });
  const entities = ADS.map(({ adId }) => ({ ad_id: adId }));
  const { rows } = await call<OnlineFeaturesAnswer>('/v1/features/online', {
    features: ['ad_scores'],
    entities,
  });
  for (const [at, row] of rows.entries()) {
    const live = await call<PredictAnswer>('/v1/models/ad_ctr/predict', {
      entities: entities[at],
      request: { requested_at: row.views[0]?.event_timestamp, placement: 'feed', bid: 1 },
      options: { deadline_ms: 5_000 },
    });
    expect(row.values).toEqual([live.outputs['ctr'], 1]);
    const ahead = await call<PredictAnswer>('/v1/models/ad_ctr/predict', {
      entities: entities[at],
      request: { requested_at: new Date().toISOString(), placement: 'feed', bid: 1 },
      options: { mode: 'precomputed', deadline_ms: 5_000 },
    });
    expect(ahead).toMatchObject({
      outputs: live.outputs,
      source: 'precomputed',
      view: 'ad_scores@1',
      computed_at: row.views[0]?.event_timestamp,
    });
  }
});
