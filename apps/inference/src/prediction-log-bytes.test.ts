import { startPostgresProxy } from '@larder/testing';
import { expect, onTestFinished } from 'vitest';
import { startInference } from './start-inference.ts';
import { body, REQUEST, SHOPPER } from './testing/ads.ts';
import { createHttp, type Http } from './testing/http.ts';
import { logger, test, type Service } from './testing/inference-test.ts';

const MIB = 2 ** 20;

/** A service whose PostgreSQL does not answer, so that its log only grows. */
async function cutOff(service: Service, predictionLog: { records: number; bytes: number }): Promise<Http> {
  const proxy = await startPostgresProxy(service.config.databaseUrl);
  const inference = await startInference(
    {
      ...service.config,
      databaseUrl: proxy.url,
      predictionLog: { ...service.config.predictionLog, ...predictionLog },
    },
    logger,
  );
  await proxy.cut();
  onTestFinished(async () => {
    await proxy.restore();
    await inference.close();
    await proxy.cut();
  });
  return createHttp(inference.url);
}

async function metric(http: Http, name: string): Promise<number> {
  const { text } = await http.get('/metrics');
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${name} `));
  if (line === undefined) throw new Error(`There is no ${name} in /metrics.`);
  return Number(line.slice(name.length + 1));
}

test('large requests fill the log by size, and dropped entries are counted by reason', async ({
  service,
}) => {
  const http = await cutOff(service, { records: 10_000, bytes: 4 * MIB });
  const large = { ...body('ad-1'), request: { ...REQUEST, placement: 'x'.repeat(MIB) } };
  for (let i = 0; i < 6; i++) expect((await http.post('/v1/models/ad_ctr/predict', large)).status).toBe(200);
  expect(await metric(http, 'larder_prediction_log_buffered')).toBe(3);
  expect(await metric(http, 'larder_prediction_log_dropped_total{reason="buffer_bytes"}')).toBe(3);
  const buffered = await metric(http, 'larder_prediction_log_buffered_bytes');
  expect(buffered).toBeGreaterThan(3 * MIB);
  expect(buffered).toBeLessThanOrEqual(4 * MIB);
  // A small one still fits.
  await http.post('/v1/models/ad_ctr/predict', body('ad-1'));
  expect(await metric(http, 'larder_prediction_log_buffered')).toBe(4);
});

test('the shared values of a batch count for every row, because every row is written with them', async ({
  service,
}) => {
  const http = await cutOff(service, { records: 10_000, bytes: 4 * MIB });
  const answer = await http.post('/v1/models/ad_ctr/predict-batch', {
    shared: { entities: SHOPPER, request: { ...REQUEST, placement: 'x'.repeat(MIB) } },
    rows: Array.from({ length: 100 }, (_, i) => ({ entities: { ad_id: `ad-${i}` } })),
  });
  expect(answer.status).toBe(200);
  expect(await metric(http, 'larder_prediction_log_buffered')).toBe(3);
  expect(await metric(http, 'larder_prediction_log_dropped_total{reason="buffer_bytes"}')).toBe(97);
});

test('rows that failed count, because the log keeps the whole request alive', async ({ service }) => {
  const http = await cutOff(service, { records: 10_000, bytes: MIB });
  const answer = await http.post('/v1/models/ad_ctr/predict-batch', {
    rows: [body('ad-1'), { ...body('ad-2'), request: { nonsense: 'x'.repeat(2 * MIB) } }],
  });
  expect(answer.status).toBe(200);
  expect(await metric(http, 'larder_prediction_log_buffered')).toBe(0);
  expect(await metric(http, 'larder_prediction_log_dropped_total{reason="buffer_bytes"}')).toBe(1);
});

test('small requests fill the log by number', async ({ service }) => {
  const http = await cutOff(service, { records: 5, bytes: 4 * MIB });
  await http.post('/v1/models/ad_ctr/predict-batch', {
    shared: { entities: SHOPPER, request: REQUEST },
    rows: Array.from({ length: 8 }, (_, i) => ({ entities: { ad_id: `ad-${i}` } })),
  });
  expect(await metric(http, 'larder_prediction_log_buffered')).toBe(5);
  expect(await metric(http, 'larder_prediction_log_dropped_total{reason="buffer_records"}')).toBe(3);
  expect(await metric(http, 'larder_prediction_log_total{outcome="dropped"}')).toBe(3);
});
