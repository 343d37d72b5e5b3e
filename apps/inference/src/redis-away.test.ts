import { predictAnswerSchema, problemSchema, readyAnswerSchema } from '@larder/contracts';
import { connectRedis, waitForRedis } from '@larder/online-store';
import { adCtrScore } from '@larder/serving/testing';
import { expect, vi } from 'vitest';
import { body, STORED } from './testing/ads.ts';
import { test } from './testing/inference-test.ts';

const NOTHING = {
  embedding: null,
  brightness: null,
  ctr: null,
  clicks: null,
  impressions: null,
  age: null,
  premium: null,
};

test('Redis away: defaults or 503, as the model chose; nothing hangs; it comes back by itself', async ({
  service,
  redis,
}) => {
  const { http } = service;
  const brightness = () => http.post('/v1/models/ad_brightness/predict', { entities: { ad_id: 'ad-1' } });
  expect((await brightness()).status).toBe(200);

  await redis.stop();
  const startedAt = performance.now();
  const defaults = await http.post('/v1/models/ad_ctr/predict', body('ad-1'));
  const answer = predictAnswerSchema.parse(defaults.body);
  expect(answer).toMatchObject({ degraded: true, degraded_reasons: ['online_store:UNAVAILABLE'] });
  expect(answer.outputs['ctr']).toBeCloseTo(adCtrScore({ ...STORED, ...NOTHING }), 5);

  const refused = await brightness();
  expect([refused.status, Number(refused.headers.get('retry-after'))]).toEqual([503, 1]);
  expect(problemSchema.parse(refused.body)).toMatchObject({
    code: 'ONLINE_STORE_UNAVAILABLE',
    retryable: true,
  });
  const batch = await http.post('/v1/models/ad_brightness/predict-batch', {
    rows: [{ entities: { ad_id: 'ad-1' } }],
  });
  expect(batch.status).toBe(503);
  const entity = await http.get('/v1/entities/ad/ad-1');
  expect(problemSchema.parse(entity.body).code).toBe('ONLINE_STORE_UNAVAILABLE');
  expect(performance.now() - startedAt).toBeLessThan(5_000);

  const ready = await http.get('/health/ready');
  expect(ready.status, 'models that answer from defaults go on').toBe(200);
  const redisCheck = readyAnswerSchema.parse(ready.body).checks.find(({ name }) => name === 'redis');
  expect(redisCheck).toMatchObject({
    ready: true,
    degraded: true,
    detail: expect.stringContaining('LARDER_REDIS_URL'),
  });
  expect((await http.get('/health/live')).status).toBe(200);

  await redis.start();
  await vi.waitFor(
    async () => expect((await http.get('/health/ready')).body).toMatchObject({ degraded: false }),
    { timeout: 15_000 },
  );
  expect((await brightness()).status).toBe(200);
});

test('Redis that does not answer in time: 504 at the deadline of the request', async ({ service }) => {
  const { http } = service;

  const admin = connectRedis(service.config.redisUrl, { role: 'tool' });
  await waitForRedis(admin, 5_000);
  await admin.client('PAUSE', 3_000, 'ALL');
  const startedAt = performance.now();
  const late = await http.post('/v1/models/ad_ctr/predict', {
    ...body('ad-1'),
    options: { deadline_ms: 40 },
  });
  expect(performance.now() - startedAt).toBeLessThan(2_500);
  expect(late.status).toBe(504);
  expect(problemSchema.parse(late.body)).toMatchObject({ code: 'DEADLINE_EXCEEDED', retryable: true });
  admin.disconnect();
  await vi.waitFor(
    async () => expect((await http.post('/v1/models/ad_ctr/predict', body('ad-1'))).status).toBe(200),
    { timeout: 15_000 },
  );
});
