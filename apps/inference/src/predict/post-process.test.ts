import {
  modelSchema,
  modelVersionsAnswerSchema,
  predictAnswerSchema,
  predictBatchAnswerSchema,
  viewSchema,
} from '@larder/contracts';
import { openFixture } from '@larder/serving/testing';
import { expect, inject } from 'vitest';
import { test as base } from '../testing/inference-test.ts';

const test = base.override({
  project: [
    async ({}, use) => use(await openFixture(inject('testFolder'), 'kinds.config.ts')),
    { scope: 'file' },
  ],
});

const SCORE = 1 / (1 + Math.exp(-0.61));
const row = (floor: number, how = '') => ({ entities: { ad_id: 'ad-1' }, request: { floor, how } });

test('callers get the outputs of post-processing, and the raw ones when they ask for features', async ({
  service: { http },
}) => {
  const plain = await http.post('/v1/models/ad_verdict/predict', row(0.9, '"é'));
  const { outputs, raw_outputs: hidden } = predictAnswerSchema.parse(plain.body);
  expect(outputs).toEqual({
    calibrated: expect.closeTo(SCORE / 2, 6) as number,
    shown: false,
    reason: 'below 0.8999999761581421',
    basis_points: String(Math.round(SCORE * 5_000)),
  });
  expect(hidden).toBeUndefined();
  const asked = await http.post('/v1/models/ad_verdict/predict-batch', {
    rows: [row(0.1), row(0.1, 'throw')],
    options: { features: true },
  });
  const { rows } = predictBatchAnswerSchema.parse(asked.body);
  expect(rows).toMatchObject([
    { outputs: { shown: true, reason: 'none' }, raw_outputs: { score: expect.closeTo(SCORE, 6) as number } },
    { error: { code: 'ON_DEMAND_FAILED' } },
  ]);
});

test('a logged prediction has both; the model and the view say what is read and given', async ({
  service: { http },
}) => {
  const answer = await http.post('/v1/models/ad_verdict/predict', row(0.1));
  const { prediction_id: id, outputs } = predictAnswerSchema.parse(answer.body);
  await expect
    .poll(async () => (await http.get(`/v1/predictions/${id}`)).body, { timeout: 60_000 })
    .toMatchObject({ outputs, raw_outputs: { score: expect.closeTo(SCORE, 6) as number } });
  const model = modelSchema.parse((await http.get('/v1/models/ad_verdict')).body);
  expect(model).toMatchObject({
    outputs: [{ name: 'calibrated' }, { name: 'shown' }, { name: 'reason' }, { name: 'basis_points' }],
    postprocess: { name: 'verdict', outputs: [{ name: 'score', type: 'float32' }] },
    request: [{ name: 'floor' }, { name: 'how' }],
  });
  const { versions } = modelVersionsAnswerSchema.parse(
    (await http.get('/v1/models/ad_verdict/versions')).body,
  );
  expect(versions[0]).toMatchObject({ outputs: model.outputs, postprocess: model.postprocess });
  const plainVersions = (await http.get('/v1/models/ad_typed/versions')).body;
  expect(modelVersionsAnswerSchema.parse(plainVersions).versions[0]).toMatchObject({
    outputs: [{ name: 'score' }],
    postprocess: null,
  });
  expect(viewSchema.parse((await http.get('/v1/views/verdict')).body)).toMatchObject({
    kind: 'on_demand_feature_view',
    reads_outputs: [{ name: 'score' }],
    used_by: ['ad_verdict'],
  });
});

test('a model with typed inputs is applied, checked and served like any other', async ({
  service: { http },
}) => {
  const answer = await http.post('/v1/models/ad_typed/predict', {
    entities: { ad_id: 'ad-1', country: 'NL', shopper_id: 7 },
    request: { bid: 0.5 },
  });
  // brightness, ctr, impressions, clicks, a text that the mapper does not know, premium, bid
  const score = Math.fround(0.61) + 0.125 + 400 + 4 - 1 + 1 + 0.5;
  expect(predictAnswerSchema.parse(answer.body).outputs).toEqual({
    score: expect.closeTo(score, 3) as number,
  });
});
