import { predictAnswerSchema, predictBatchAnswerSchema, problemSchema } from '@larder/contracts';
import { shortestFloat32 } from '@larder/core';
import { describe, expect } from 'vitest';
import { body, REQUEST, SCORE, SHOPPER } from '../testing/ads.ts';
import { test } from '../testing/inference-test.ts';

const PREDICT = '/v1/models/ad_ctr/predict';
const BATCH = '/v1/models/ad_ctr/predict-batch';

describe('predict', () => {
  test('answers as the contract says', async ({ service }) => {
    const answer = await service.http.post(PREDICT, body('ad-1'));
    expect(answer.status).toBe(200);
    const parsed = predictAnswerSchema.parse(answer.body);
    expect(parsed.outputs['ctr']).toBeCloseTo(SCORE, 5);
    expect(parsed).toMatchObject({ model: 'ad_ctr', version: 1, degraded: false, degraded_reasons: [] });
    expect(Object.keys(parsed)).toHaveLength(6);
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  });

  test('outputs are the shortest decimals of their float32', async ({ service }) => {
    const { text, body: parsed } = await service.http.post(PREDICT, body('ad-1'));
    const { outputs } = predictAnswerSchema.parse(parsed);
    expect(outputs['ctr']).toBe(shortestFloat32(Math.fround(outputs['ctr'] as number)));
    expect(/"ctr":0\.\d{1,9}\}/.test(text)).toBe(true);
  });

  test('features and timings are returned on request', async ({ service }) => {
    const answer = await service.http.post(PREDICT, {
      ...body('ad-1'),
      options: { features: true, explain: false, mode: 'live', version: 1, deadline_ms: 5_000 },
    });
    const parsed = predictAnswerSchema.parse(answer.body);
    expect(parsed.features?.[1]).toMatchObject({
      ref: 'ad_image@1:brightness',
      value: 0.61,
      status: 'PRESENT',
      source: 'online',
    });
    expect(parsed.timings_ms?.total).toBeGreaterThan(0);
  });

  test('an entity that was never materialized is answered, degraded', async ({ service }) => {
    const answer = await service.http.post(PREDICT, body('ad-404'));
    expect(answer.body).toMatchObject({
      degraded: true,
      degraded_reasons: ['ad_image@1:NOT_FOUND', 'ad_stats@1:NOT_FOUND'],
    });
  });

  test('the request id of the caller is used if it is safe for headers and logs', async ({ service }) => {
    const named = await service.http.post(PREDICT, body('ad-1'), { 'x-request-id': 'trace-42/a' });
    expect(named.headers.get('x-request-id')).toBe('trace-42/a');
    for (const insane of ['x'.repeat(129), 'a b', '"quoted"', 'ü'])
      expect(
        (await service.http.post(PREDICT, body('ad-1'), { 'x-request-id': insane })).headers.get(
          'x-request-id',
        ),
      ).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('predict-batch', () => {
  test('rows are answered in order, a bad row does not affect the others, shared applies to each', async ({
    service,
  }) => {
    const answer = await service.http.post(BATCH, {
      rows: [
        { entities: { ad_id: 'ad-1' } },
        { entities: { ad_id: 1 } },
        { entities: { ad_id: 'ad-404' }, request: { placement: 'side' } },
        null,
        { entities: { ad_id: 'ad-1' }, 'a/b': 1 },
      ],
      shared: { entities: SHOPPER, request: REQUEST },
    });
    expect(answer.status).toBe(200);
    const { rows, ...rest } = predictBatchAnswerSchema.parse(answer.body);
    expect(rest).toEqual({ model: 'ad_ctr', version: 1 });
    expect(rows).toHaveLength(5);
    expect(rows[0]).toMatchObject({ degraded: false });
    expect(rows[1]).toMatchObject({
      error: { code: 'REQUEST_INVALID', errors: [{ pointer: '/rows/1/entities/ad_id' }] },
    });
    expect(rows[2]).toMatchObject({ degraded: true });
    expect(rows[3]).toMatchObject({
      error: { errors: [{ pointer: '/rows/3', detail: 'must be an object' }] },
    });
    expect(rows[4]).toMatchObject({ error: { errors: [{ pointer: '/rows/4/a~1b', detail: 'is unknown' }] } });
  });

  test('returns what predict returns', async ({ service }) => {
    const ids = ['ad-1', 'ad-404', 'ad-1'];
    const single = await Promise.all(
      ids.map((id) => service.http.post(PREDICT, { ...body(id), options: { features: true } })),
    );
    const batch = await service.http.post(BATCH, { rows: ids.map(body), options: { features: true } });
    const rows = predictBatchAnswerSchema.parse(batch.body).rows;
    for (const [at, answer] of single.entries()) {
      const one = predictAnswerSchema.parse(answer.body);
      const row = rows[at];
      if (row === undefined || 'error' in row) throw new Error('the row was not answered');
      expect(row.outputs).toEqual(one.outputs);
      expect(row.degraded_reasons).toEqual(one.degraded_reasons);
      const timeless = (features = one.features) => features?.map(({ age_ms: _age, ...feature }) => feature);
      expect(timeless(row.features)).toEqual(timeless());
    }
  });

  test('a failing function fails only its own row', async ({ service }) => {
    const ways = ['throw', 'text', 'nothing', 'null', 'fine'];
    const answer = await service.http.post('/v1/models/fragile_model/predict-batch', {
      rows: ways.map((how) => ({ request: { how } })),
    });
    const { rows } = predictBatchAnswerSchema.parse(answer.body);
    const [threw, text, nothing, none, fine] = rows;
    expect(threw).toMatchObject({
      error: { code: 'ON_DEMAND_FAILED', detail: expect.stringContaining('fragile') },
    });
    expect(answer.text).not.toContain('the secret of the function');
    expect(text).toMatchObject({
      error: { detail: expect.stringContaining('fragile:level must be a number') },
    });
    expect(nothing).toMatchObject({ error: { code: 'ON_DEMAND_FAILED' } });
    expect(none).toMatchObject({ degraded: false });
    expect(fine).toMatchObject({
      outputs: { score: shortestFloat32(Math.fround(1 / (1 + Math.exp(-0.4)))) },
    });
  });

  test('a failing function is a problem in predict', async ({ service }) => {
    const answer = await service.http.post('/v1/models/fragile_model/predict', { request: { how: 'throw' } });
    expect(answer.status).toBe(500);
    expect(problemSchema.parse(answer.body)).toMatchObject({ code: 'ON_DEMAND_FAILED', retryable: false });
  });
});
