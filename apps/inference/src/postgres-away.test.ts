import { entityAnswerSchema, problemSchema, readyAnswerSchema } from '@larder/contracts';
import { startPostgresProxy } from '@larder/testing';
import { expect, vi } from 'vitest';
import { body } from './testing/ads.ts';
import { createHttp } from './testing/http.ts';
import { logger, test } from './testing/inference-test.ts';
import { startInference } from './start-inference.ts';

test('PostgreSQL is down: predictions continue and are logged later; routes that need it say so', async ({
  service,
}) => {
  const proxy = await startPostgresProxy(service.config.databaseUrl);
  const inference = await startInference({ ...service.config, databaseUrl: proxy.url }, logger);
  const http = createHttp(inference.url);
  const predict = () => http.post('/v1/models/ad_ctr/predict', body('ad-1'));
  expect((await predict()).status).toBe(200);

  await proxy.cut();
  const { body: answered, status } = await predict();
  expect(status).toBe(200);
  const id = (answered as { prediction_id: string }).prediction_id;
  for (const asked of [
    http.get('/v1/runs'),
    http.post('/v1/backfills', { view: 'ad_image', scope: { all: true } }),
  ]) {
    const refused = await asked;
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '2']);
    expect(problemSchema.parse(refused.body).code).toBe('DATABASE_UNAVAILABLE');
  }
  const entity = entityAnswerSchema.parse((await http.get('/v1/entities/ad/ad-1')).body);
  expect(entity).toMatchObject({ history_available: false, views: [{ values: { brightness: 0.61 } }, {}] });
  const probed = await http.get('/health/ready');
  expect(probed.status, 'predictions continue: the process takes traffic').toBe(200);
  const ready = readyAnswerSchema.parse(probed.body);
  expect(ready).toMatchObject({ status: 'ready', degraded: true });
  expect(ready.checks.filter(({ degraded }) => degraded).map(({ name }) => name)).toEqual(['postgresql']);

  await proxy.restore();
  await vi.waitFor(
    async () => {
      const { rows } = await service.offlineStore.pool.query(
        'select 1 from larder.predictions where prediction_id = $1',
        [id],
      );
      expect(rows).toHaveLength(1);
    },
    { timeout: 60_000 },
  );
  expect((await http.get('/v1/runs')).status).toBe(200);
  await inference.close();
  await proxy.cut();
});

test('PostgreSQL is down at start: not ready, and ready without a restart once it is up', async ({
  service,
}) => {
  const proxy = await startPostgresProxy(service.config.databaseUrl);
  await proxy.cut();
  const inference = await startInference({ ...service.config, databaseUrl: proxy.url }, logger);
  const http = createHttp(inference.url);
  expect((await http.get('/health/ready')).status).toBe(503);
  const early = await http.post('/v1/models/ad_ctr/predict', body('ad-1'));
  expect([early.status, problemSchema.parse(early.body).code]).toEqual([503, 'MODEL_NOT_READY']);
  await proxy.restore();
  await vi.waitFor(async () => expect((await http.get('/health/ready')).status).toBe(200), {
    timeout: 60_000,
  });
  expect((await http.post('/v1/models/ad_ctr/predict', body('ad-1'))).status).toBe(200);
  await inference.close();
  await proxy.cut();
});
