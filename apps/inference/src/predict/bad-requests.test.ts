import { problemSchema } from '@larder/contracts';
import { describe, expect } from 'vitest';
import { body } from '../testing/ads.ts';
import { test } from '../testing/inference-test.ts';

const good = body('ad-1');
const PREDICT = '/v1/models/ad_ctr/predict';
const BATCH = '/v1/models/ad_ctr/predict-batch';

const options = (value: unknown) => JSON.stringify({ ...good, options: value });

describe('a bad request gets a problem', () => {
  test.for<[string, string, string | object, number, string, string?]>([
    ['no JSON', PREDICT, '{"entities":', 400, 'REQUEST_MALFORMED'],
    ['nothing', PREDICT, '', 400, 'REQUEST_MALFORMED'],
    ['an array', PREDICT, '[]', 422, 'REQUEST_INVALID', ''],
    ['null', PREDICT, 'null', 422, 'REQUEST_INVALID', ''],
    ['an unknown member', PREDICT, { ...good, entites: {} }, 422, 'REQUEST_INVALID', '/entites'],
    ['a missing key', PREDICT, { ...good, entities: {} }, 422, 'REQUEST_INVALID', '/entities/ad_id'],
    ['no members at all', PREDICT, {}, 422, 'REQUEST_INVALID', '/request/bid'],
    ['options of the wrong type', PREDICT, options(7), 422, 'REQUEST_INVALID', '/options'],
    ['an unknown option', PREDICT, options({ verson: 1 }), 422, 'REQUEST_INVALID', '/options/verson'],
    [
      'a version that is not a number',
      PREDICT,
      options({ version: '1' }),
      422,
      'REQUEST_INVALID',
      '/options/version',
    ],
    [
      'a version that is not served',
      PREDICT,
      options({ version: 2 }),
      404,
      'MODEL_VERSION_NOT_FOUND',
      '/options/version',
    ],
    [
      'a deadline that is not a number',
      PREDICT,
      options({ deadline_ms: 0 }),
      422,
      'REQUEST_INVALID',
      '/options/deadline_ms',
    ],
    [
      'a deadline beyond the limit',
      PREDICT,
      options({ deadline_ms: 1e9 }),
      422,
      'REQUEST_INVALID',
      '/options/deadline_ms',
    ],
    ['features as text', PREDICT, options({ features: 'true' }), 422, 'REQUEST_INVALID', '/options/features'],
    ['another mode', PREDICT, options({ mode: 'shadow' }), 422, 'REQUEST_INVALID', '/options/mode'],
    ['an explanation', PREDICT, options({ explain: true }), 422, 'OPTION_NOT_SUPPORTED', '/options/explain'],
    ['a query', `${PREDICT}?version=1`, good, 422, 'REQUEST_INVALID', '/query'],
    ['an unknown model', '/v1/models/nope/predict', good, 404, 'MODEL_NOT_FOUND'],
    ['a model of the prototype', '/v1/models/constructor/predict', good, 404, 'MODEL_NOT_FOUND'],
    ['a model that is not a name', '/v1/models/%7Bad_ctr%7D/predict', good, 404, 'MODEL_NOT_FOUND'],
    ['no rows', BATCH, {}, 422, 'REQUEST_INVALID', '/rows'],
    ['an empty batch', BATCH, { rows: [] }, 422, 'REQUEST_INVALID', '/rows'],
    [
      'too many rows',
      BATCH,
      { rows: Array.from({ length: 1_001 }, () => good) },
      422,
      'REQUEST_INVALID',
      '/rows',
    ],
    [
      'a wrong shared member',
      BATCH,
      { rows: [good], shared: { request: { bid: 'x' } } },
      422,
      'REQUEST_INVALID',
      '/shared/request/bid',
    ],
    [
      'an unknown shared member',
      BATCH,
      { rows: [good], shared: { a: 1 } },
      422,
      'REQUEST_INVALID',
      '/shared/a',
    ],
  ])('%s', async ([, path, sent, status, code, pointer], { service }) => {
    const answer = await service.http.post(path, sent);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    const problem = problemSchema.parse(answer.body);
    expect(problem).toMatchObject({ code, status, request_id: answer.headers.get('x-request-id') });
    if (pointer !== undefined) expect(problem.errors?.map((error) => error.pointer)).toContain(pointer);
  });

  test('another media type', async ({ service }) => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp']) {
      const answer = await service.http.post(PREDICT, good, { 'content-type': type });
      expect([answer.status, problemSchema.parse(answer.body).code]).toEqual([415, 'MEDIA_TYPE_UNSUPPORTED']);
    }
    const wide = await service.http.post(PREDICT, good, {
      'content-type': 'application/json; charset=utf-16',
    });
    expect([wide.status, problemSchema.parse(wide.body).code]).toEqual([415, 'MEDIA_TYPE_UNSUPPORTED']);
    for (const type of ['application/json; charset=utf-8', 'application/json;charset="UTF-8"'])
      expect((await service.http.post(PREDICT, good, { 'content-type': type })).status).toBe(200);
    const compressed = await service.http.post(PREDICT, good, { 'content-encoding': 'gzip' });
    expect(problemSchema.parse(compressed.body).code).toBe('MEDIA_TYPE_UNSUPPORTED');
  });

  test('a key that is not UTF-8: no other key is scored instead', async ({ service }) => {
    const bytes = Buffer.from(JSON.stringify(good).replace('ad-1', 'ad-\u00ff'), 'latin1');
    for (const path of [PREDICT, '/v1/features/online', '/v1/backfills', '/v1/views/ad_stats/push']) {
      const answer = await service.http.send(path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: bytes,
      });
      expect([answer.status, problemSchema.parse(answer.body)]).toMatchObject([
        400,
        { code: 'REQUEST_MALFORMED', detail: 'The body is not valid UTF-8.' },
      ]);
    }
  });

  test('a body beyond the limit, announced or not', async ({ service }) => {
    const huge = `{"entities":{"ad_id":"${'x'.repeat(9 * 1024 * 1024)}"}}`;
    const announced = await service.http.post(PREDICT, huge);
    expect([announced.status, problemSchema.parse(announced.body).code]).toEqual([413, 'REQUEST_TOO_LARGE']);
    const stream = new Blob([huge]).stream();
    const streamed = await service.http.send(PREDICT, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: stream,
      duplex: 'half',
    });
    expect(problemSchema.parse(streamed.body).code).toBe('REQUEST_TOO_LARGE');
  });

  test('another method', async ({ service }) => {
    for (const method of ['GET', 'PUT', 'DELETE', 'PATCH']) {
      const answer = await service.http.send(PREDICT, { method });
      expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
      expect(problemSchema.parse(answer.body).code).toBe('METHOD_NOT_ALLOWED');
    }
  });

  test('the service still answers after all of them', async ({ service }) => {
    expect((await service.http.post(PREDICT, good)).status).toBe(200);
  });
});
