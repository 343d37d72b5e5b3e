import { predictionDetailSchema, predictionsAnswerSchema } from '@larder/contracts';
import { newId } from '@larder/core';
import { appendHistory, ensureHistory } from '@larder/offline-store';
import { putRows } from '@larder/serving/testing';
import { expect, vi } from 'vitest';
import { test, type Service } from '../testing/inference-test.ts';

const REQUEST = { requested_at: '2026-11-20T06:30:00+00:00', placement: 'feed', bid: 0.5 };

async function predict({ http }: Service, adId: string): Promise<string> {
  const { body } = await http.post('/v1/models/ad_ctr/predict', {
    entities: { ad_id: adId, country: 'NL', shopper_id: 7 },
    request: REQUEST,
  });
  return (body as { prediction_id: string }).prediction_id;
}

/** Entries are written in the background. */
function logged<T>(
  read: () => Promise<{ status: number; body: unknown }>,
  check: (body: T) => boolean,
): Promise<T> {
  return vi.waitFor(
    async () => {
      const { status, body } = await read();
      expect(status).toBe(200);
      expect(check(body as T)).toBe(true);
      return body as T;
    },
    { timeout: 60_000, interval: 50 },
  );
}

interface Listed {
  readonly predictions: readonly { readonly prediction_id: string }[];
  readonly cursor: string | null;
  readonly histogram?: { readonly counts: readonly number[] };
}

test('the log is filtered, paged and counted', async ({ service }) => {
  const ids = [
    await predict(service, 'page-1'),
    await predict(service, 'page-2'),
    await predict(service, 'page-1'),
  ];
  const get = (query: string) => service.http.get(`/v1/predictions?${query}`);
  const body = await logged<Listed>(
    () => get('model=ad_ctr&version=1&entity=ad&key=page-1&histogram=4&limit=1'),
    ({ histogram }) => histogram?.counts.reduce((sum, count) => sum + count, 0) === 2,
  );
  expect(predictionsAnswerSchema.safeParse(body).error).toBeUndefined();
  expect(body.predictions.map((each) => each.prediction_id)).toEqual([ids[2]]);
  const next = await get(`model=ad_ctr&entity=ad&key=page-1&cursor=${encodeURIComponent(body.cursor ?? '')}`);
  expect(next.body).toMatchObject({ predictions: [{ prediction_id: ids[0] }], cursor: null });
  const degraded = await get('degraded=false&entity=ad&key=page-1');
  expect(degraded.body).toMatchObject({ predictions: [] });
});

test('one prediction: scalars from the log, vectors from the history row that was read, with its provenance', async ({
  service,
}) => {
  const { project, offlineStore, onlineStore, http } = service;
  const { manifest } = project;
  const view = manifest.feature_views['ad_image@1'];
  if (view === undefined) throw new Error('The fixture has no ad_image.');
  const eventTimestampMs = Date.now() - 5_000;
  const values = { embedding: Float32Array.of(1, 2, 3, 4), brightness: null, note: 'bright' };
  const keys = { ad_id: 'shown' };
  await ensureHistory(offlineStore, manifest, view);
  const row = {
    keys,
    values,
    eventTimestampMs,
    createdTimestampMs: eventTimestampMs,
    revision: 9,
    chunkId: 3,
    inputHash: 0n,
  };
  await offlineStore.transaction((tx) => appendHistory(tx, manifest, view, [row]));
  await putRows(onlineStore, project, [{ ref: 'ad_image@1', keys, values, eventTimestampMs, revision: 9 }]);
  const id = await predict(service, 'shown');
  const body = await logged<{ features: { ref: string }[]; views: object[]; timings_ms: object }>(
    () => http.get(`/v1/predictions/${id}`),
    () => true,
  );
  expect(predictionDetailSchema.safeParse(body).error).toBeUndefined();
  const feature = (ref: string) => body.features.find((each) => each.ref === ref);
  expect(feature('ad_image@1:embedding')).toMatchObject({
    value: [1, 2, 3, 4],
    value_from: 'history',
    source: 'online',
  });
  expect(feature('ad_image@1:brightness')).toMatchObject({
    value: 0.5,
    status: 'NULL_VALUE',
    source: 'default',
  });
  expect(feature('ad_stats@1:ctr')).toMatchObject({ value: null, status: 'NOT_FOUND', source: 'default' });
  expect(feature('shopper_profile@1:age')).toMatchObject({ value: 31, value_from: 'log', source: 'online' });
  expect(feature('offer:in_feed')).toMatchObject({ value: true, value_from: 'log', source: 'on_demand' });
  expect(feature('request:bid')).toMatchObject({ value: 0.5, source: 'request' });
  expect(body).toMatchObject({
    prediction_id: id,
    request: REQUEST,
    entity_keys: ['ad:shown', 'shopper:NL|7'],
    views: [
      {
        ref: 'ad_image@1',
        status: 'PRESENT',
        revision: 9,
        chunk_id: 3,
        landed_at: expect.any(String) as string,
      },
      { ref: 'ad_stats@1', status: 'NOT_FOUND' },
      { ref: 'shopper_profile@1', status: 'PRESENT', landed_at: null },
    ],
  });
});

test('what is not there, or makes no sense, is said', async ({ service: { http } }) => {
  expect((await http.get(`/v1/predictions/${newId()}`)).body).toMatchObject({ code: 'PREDICTION_NOT_FOUND' });
  for (const path of [
    '/7',
    '?entity=ad',
    '?key=a',
    '?limit=501',
    '?degraded=maybe',
    '?cursor=x',
    '?nope=1',
    '?min_output=x',
  ])
    expect([path, (await http.get(`/v1/predictions${path}`)).body]).toMatchObject([
      path,
      { code: 'REQUEST_INVALID' },
    ]);
  expect((await http.get('/v1/predictions?entity=nobody&key=a')).body).toMatchObject({
    code: 'ENTITY_NOT_FOUND',
  });
});

test('queries that hang are cancelled, with advice, and predictions go on meanwhile', async ({ service }) => {
  const { http, offlineStore } = service;
  await offlineStore.transaction(async ({ client }) => {
    await client.query('lock table larder.predictions in access exclusive mode');
    const hanging = Array.from({ length: 5 }, () => http.get('/v1/predictions?model=ad_ctr'));
    const { status } = await http.post('/v1/models/ad_ctr/predict', {
      entities: { ad_id: 'ad-1', country: 'NL', shopper_id: 7 },
      request: REQUEST,
    });
    expect(status).toBe(200);
    const answers = await Promise.all(hanging);
    const codes = new Set(answers.map(({ body }) => (body as { code: string }).code));
    expect(codes).toContain('QUERY_TOO_SLOW');
    expect([...codes].every((code) => code === 'QUERY_TOO_SLOW' || code === 'DATABASE_UNAVAILABLE')).toBe(
      true,
    );
  });
});
