import { startPostgresProxy } from '@larder/testing';
import { expect, onTestFinished, vi } from 'vitest';
import { startInference } from './start-inference.ts';
import { body } from './testing/ads.ts';
import { createHttp } from './testing/http.ts';
import { logger, test } from './testing/inference-test.ts';

test('with a durable log, only predictions that PostgreSQL has stored are answered; while it is down the error says so', async ({
  service,
}) => {
  const proxy = await startPostgresProxy(service.config.databaseUrl);
  const predictionLog = { ...service.config.predictionLog, durable: true, records: 3, bytes: 2 ** 20 };
  const inference = await startInference(
    { ...service.config, databaseUrl: proxy.url, predictionLog },
    logger,
  );
  onTestFinished(async () => {
    await inference.close();
    await proxy.cut();
  });
  const http = createHttp(inference.url);
  const predict = (deadlineMs: number) =>
    http.post('/v1/models/ad_ctr/predict', { ...body('ad-1'), options: { deadline_ms: deadlineMs } });
  const isLogged = async (answer: { readonly body: unknown }) => {
    const { prediction_id: id } = answer.body as { prediction_id: string };
    const { rows } = await service.offlineStore.pool.query(
      'select 1 from larder.predictions where prediction_id = $1',
      [id],
    );
    return rows.length === 1;
  };

  const first = await predict(10_000);
  expect([first.status, await isLogged(first)]).toEqual([200, true]);

  await proxy.cut();
  for (const late of await Promise.all([predict(300), predict(300), predict(300)]))
    expect(late).toMatchObject({ status: 504, body: { code: 'DEADLINE_EXCEEDED' } });
  const refused = await predict(10_000);
  expect(refused).toMatchObject({ status: 503, body: { code: 'PREDICTION_NOT_LOGGED', retryable: true } });
  expect(refused.headers.get('retry-after')).toBe('1');

  await proxy.restore();
  const again = await vi.waitFor(
    async () => {
      const answer = await predict(10_000);
      expect(answer.status).toBe(200);
      return answer;
    },
    { timeout: 60_000 },
  );
  expect(await isLogged(again)).toBe(true);
});
