import { modelInputsAnswerSchema, modelsAnswerSchema, viewsAnswerSchema } from '@larder/contracts';
import { expect } from 'vitest';
import { test } from '../testing/inference-test.ts';

test('models show what is served: version, inputs and location', async ({ service }) => {
  const answer = await service.http.get('/v1/models');
  const { models } = modelsAnswerSchema.parse(answer.body);
  expect(models.map(({ model }) => model)).toEqual(['ad_brightness', 'ad_ctr', 'fragile_model']);
  const adCtr = models.find(({ model }) => model === 'ad_ctr');
  expect(adCtr).toMatchObject({
    version: 1,
    problem: null,
    placement: 'inline',
    outputs: [{ name: 'ctr', type: 'float32' }],
    artifact: { path: 'models/ad_ctr', sha256: service.project.manifest.models['ad_ctr']?.artifact.sha256 },
  });
  expect(adCtr?.inputs.slice(0, 3)).toEqual([
    'ad_image@1:embedding',
    'ad_image@1:brightness',
    'ad_stats@1:ctr',
  ]);
  expect(adCtr?.join_keys?.map(({ name }) => name)).toEqual(['ad_id', 'country', 'shopper_id']);
  expect((await service.http.get('/v1/models/ad_ctr')).body).toEqual(adCtr);
  expect(await service.http.get('/v1/models/nothing')).toMatchObject({
    status: 404,
    body: { code: 'MODEL_NOT_FOUND' },
  });
});

test('what a version of a model takes is told to those who call it', async ({ service }) => {
  const { body } = await service.http.get('/v1/models/ad_ctr/inputs');
  const inputs = modelInputsAnswerSchema.parse(body);
  expect(inputs).toMatchObject({ model: 'ad_ctr', version: 1 });
  expect(inputs.join_keys.map(({ name }) => name)).toEqual(['ad_id', 'country', 'shopper_id']);
  expect(inputs.request.map(({ name }) => name)).toEqual(['requested_at', 'bid', 'placement']);
  for (const version of ['1', 'champion'])
    expect((await service.http.get(`/v1/models/ad_ctr/inputs?version=${version}`)).body).toEqual(body);
  const codes = { 'ad_ctr/inputs?version=9': 404, 'ad_ctr/inputs?version=0': 422, 'nothing/inputs': 404 };
  for (const [path, status] of Object.entries(codes))
    expect({ path, ...(await service.http.get(`/v1/models/${path}`)) }).toMatchObject({ path, status });
});

test('views are listed with the models that use them', async ({ service }) => {
  const { views } = viewsAnswerSchema.parse((await service.http.get('/v1/views')).body);
  expect(views.map(({ view }) => view)).toEqual([
    'ad_clicks',
    'ad_image',
    'ad_stats',
    'shopper_profile',
    'fragile',
    'moment',
    'offer',
  ]);
  const stats = (await service.http.get('/v1/views/ad_stats')).body;
  expect(stats).toMatchObject({
    kind: 'feature_view',
    ref: 'ad_stats@1',
    newest: true,
    join_keys: ['ad_id'],
    compute: null,
    ttl_ms: 604_800_000,
    used_by: ['ad_ctr'],
    next_due_at: null,
    freshness: null,
    source: { kind: 'sql', connection: 'shop' },
  });
  expect((await service.http.get('/v1/views/ad_stats@1')).body).toEqual(stats);
  expect((await service.http.get('/v1/views/moment')).body).toMatchObject({
    kind: 'on_demand_feature_view',
    request: [{ name: 'requested_at', type: 'timestamp' }],
    used_by: ['ad_ctr'],
  });
  for (const name of ['nothing', 'ad_stats@2', 'constructor'])
    expect(await service.http.get(`/v1/views/${name}`)).toMatchObject({
      status: 404,
      body: { code: 'VIEW_NOT_FOUND' },
    });
});

test('a view shows when it is due next and how fresh it is', async ({ service }) => {
  const { pool } = service.offlineStore;
  const project = service.project.name;
  await pool.query(
    `insert into larder.schedules (project, view, version, fingerprint, schedule, due_at)
      values ($1, 'ad_image', 1, 'f', '"0 4 * * *"', '2030-01-01T04:00:00Z')`,
    [project],
  );
  await pool.query(
    `insert into larder.view_freshness (project, view, version, newest_landed_at, rows_online)
      values ($1, 'ad_image', 1, '2026-01-01T00:00:00Z', 12)`,
    [project],
  );
  expect((await service.http.get('/v1/views/ad_image')).body).toMatchObject({
    next_due_at: '2030-01-01T04:00:00.000Z',
    freshness: {
      newest_event_timestamp: null,
      newest_landed_at: '2026-01-01T00:00:00.000Z',
      newest_online_at: null,
      rows_online: 12,
    },
  });
  await pool.query('delete from larder.schedules; delete from larder.view_freshness');
});

test('entities show their join keys and views', async ({ service }) => {
  expect((await service.http.get('/v1/entities')).body).toEqual({
    entities: [
      {
        entity: 'ad',
        join_keys: [{ name: 'ad_id', type: 'string' }],
        views: ['ad_clicks@1', 'ad_image@1', 'ad_stats@1'],
      },
      {
        entity: 'shopper',
        join_keys: [
          { name: 'country', type: 'string' },
          { name: 'shopper_id', type: 'int64', safe: true },
        ],
        views: ['shopper_profile@1'],
      },
    ],
  });
});
