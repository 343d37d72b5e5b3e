import { predictAnswerSchema, problemSchema, readyAnswerSchema } from '@larder/contracts';
import { adCtrScore } from '@larder/serving/testing';
import { startRedisProxy } from '@larder/testing';
import { expect, onTestFinished, vi } from 'vitest';
import { startInference } from './start-inference.ts';
import { body, STORED } from './testing/ads.ts';
import { createHttp } from './testing/http.ts';
import { logger, test } from './testing/inference-test.ts';

const NOTHING = {
  embedding: null,
  brightness: null,
  ctr: null,
  clicks: null,
  impressions: null,
  age: null,
  premium: null,
};

test('Redis is down: defaults or 503, as the model declares; nothing hangs; it recovers by itself', async ({
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
  expect(performance.now() - startedAt).toBeLessThan(20_000);

  const ready = await http.get('/health/ready');
  expect(ready.status, 'models that answer from defaults stay in service').toBe(200);
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
    { timeout: 60_000 },
  );
  expect((await brightness()).status).toBe(200);
});

test('Redis hangs: defaults or 503 within the deadline, as the model declares', async ({
  service,
  redis,
}) => {
  const { http } = service;
  const options = { deadline_ms: 200 };
  redis.freeze();
  const defaults = await http.post('/v1/models/ad_ctr/predict', { ...body('ad-1'), options });
  expect(predictAnswerSchema.parse(defaults.body)).toMatchObject({
    degraded: true,
    degraded_reasons: ['online_store:UNAVAILABLE'],
  });
  const refused = await http.post('/v1/models/ad_brightness/predict', {
    entities: { ad_id: 'ad-1' },
    options,
  });
  expect(problemSchema.parse(refused.body)).toMatchObject({ status: 503, code: 'ONLINE_STORE_UNAVAILABLE' });
  redis.thaw();
  await vi.waitFor(
    async () =>
      expect((await http.post('/v1/models/ad_ctr/predict', body('ad-1'))).body).toMatchObject({
        degraded_reasons: [],
      }),
    { timeout: 60_000 },
  );
});

test('a connection to Redis that the network silently lost is replaced', async ({ service }) => {
  const proxy = await startRedisProxy(service.config.redisUrl);
  const inference = await startInference({ ...service.config, redisUrl: proxy.url }, logger);
  onTestFinished(async () => {
    await inference.close();
    await proxy.close();
  });
  const http = createHttp(inference.url);
  const degraded = async () => {
    const { body: answer } = await http.post('/v1/models/ad_ctr/predict', body('ad-1'));
    return predictAnswerSchema.parse(answer).degraded_reasons.includes('online_store:UNAVAILABLE');
  };
  await vi.waitFor(async () => expect(await degraded()).toBe(false), { timeout: 60_000 });
  expect(proxy.silence('larder-serving')).toBe(1);
  await vi.waitFor(async () => expect(await degraded()).toBe(true), { timeout: 60_000 });
  await vi.waitFor(async () => expect(await degraded()).toBe(false), { timeout: 60_000 });
});
