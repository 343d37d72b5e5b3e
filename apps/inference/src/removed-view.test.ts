import { entityAnswerSchema } from '@larder/contracts';
import { createBackfill } from '@larder/materialization/runs';
import { appendHistory, ensureHistory } from '@larder/offline-store';
import { connectRedis } from '@larder/online-store';
import { expect, onTestFinished } from 'vitest';
import { putAd } from './testing/ads.ts';
import { test } from './testing/inference-test.ts';

test('a row of a removed view version still says which run and chunk wrote it', async ({
  service,
  redis,
}) => {
  const { http, offlineStore, onlineStore, project } = service;
  await putAd(service, 'ad-removed');
  const online = connectRedis(redis.url, { role: 'worker' });
  onTestFinished(() => online.disconnect());
  const held = (await onlineStore.inspect('ad', 'ad-removed'))?.fields[0];
  const view = project.manifest.feature_views['ad_image@1'];
  if (held?.viewRef !== 'ad_image@1' || !view) throw new Error('the ad has no image');
  await online.hset('larder:shop:{ad:ad-removed}', 'ad_image@9', held.row);
  await online.hset('larder:shop:{ad:ad-removed}', 'ad_image@8', held.row);

  const inspect = async () => entityAnswerSchema.parse((await http.get('/v1/entities/ad/ad-removed')).body);
  const [image] = (await inspect()).views;
  const removed = { ...view, version: 9 };
  await ensureHistory(offlineStore, project.manifest, removed);
  const { runId } = await createBackfill(offlineStore, {
    manifest: { ...project.manifest, feature_views: { 'ad_image@9': removed } },
    view: 'ad_image',
    scope: { all: true },
  });
  const { rows } = await offlineStore.pool.query(
    `insert into larder.chunks (run_id, ordinal, bounds, rows_total) values ($1, 0, '{}', 1) returning chunk_id::int`,
    [runId],
  );
  const chunkId: number = rows[0].chunk_id;
  await offlineStore.transaction((tx) =>
    appendHistory(tx, project.manifest, removed, [
      {
        keys: { ad_id: 'ad-removed' },
        eventTimestampMs: Date.parse(image?.event_timestamp ?? ''),
        createdTimestampMs: Date.parse(image?.created_timestamp ?? ''),
        revision: image?.revision ?? 0,
        chunkId,
        inputHash: 1n,
        values: {},
      },
    ]),
  );
  const { views, history_available: answered } = await inspect();
  expect(answered).toBe(true);
  expect(views.slice(0, 3)).toMatchObject([
    { ref: 'ad_image@1', status: 'PRESENT' },
    // history has no table of it
    { ref: 'ad_image@8', status: 'NOT_LOADED', landed_at: null, written_by: null, values: null },
    {
      ref: 'ad_image@9',
      status: 'NOT_LOADED',
      landed_at: expect.any(String),
      written_by: { run_id: runId, chunk_id: chunkId },
      values: null,
    },
  ]);
});
