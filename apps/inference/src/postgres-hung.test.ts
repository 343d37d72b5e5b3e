import { entityAnswerSchema, problemSchema } from '@larder/contracts';
import { createBackfill } from '@larder/materialization/runs';
import { startPostgresProxy } from '@larder/testing';
import { expect, vi } from 'vitest';
import { body } from './testing/ads.ts';
import { createHttp, type HttpAnswer } from './testing/http.ts';
import { logger, test } from './testing/inference-test.ts';
import { startInference } from './start-inference.ts';

/** The promised deadline of each route, with room; a machine on which every request takes long gets more. */
const HISTORY_WITHIN_MS = 4_000;
const REFUSED_WITHIN_MS = 12_000;
const PUSH_WITHIN_MS = 20_000;

test('PostgreSQL hangs: every route answers within its deadline, and everything recovers by itself', async ({
  service,
}) => {
  const { runId } = await createBackfill(service.offlineStore, {
    manifest: service.project.manifest,
    view: 'ad_image',
    scope: { all: true },
  });
  const proxy = await startPostgresProxy(service.config.databaseUrl);
  const inference = await startInference({ ...service.config, databaseUrl: proxy.url }, logger);
  const http = createHttp(inference.url);
  const pushed = { rows: [{ ad_id: 'ad-1', event_timestamp: new Date().toISOString(), clicks: 1 }] };
  const needDatabase: Record<string, () => Promise<HttpAnswer>> = {
    list: () => http.get('/v1/runs'),
    get: () => http.get(`/v1/runs/${runId}`),
    failures: () => http.get(`/v1/runs/${runId}/failures`),
    events: () => http.get(`/v1/runs/${runId}/events`),
    backfill: () => http.post('/v1/backfills', { view: 'ad_image', scope: { all: true } }),
    pause: () => http.post(`/v1/runs/${runId}/pause`, ''),
    resume: () => http.post(`/v1/runs/${runId}/resume`, ''),
    'retry-failed': () => http.post(`/v1/runs/${runId}/retry-failed`, ''),
    cancel: () => http.post(`/v1/runs/${runId}/cancel`, ''),
  };
  const timed = async (ask: () => Promise<HttpAnswer>): Promise<HttpAnswer & { ms: number }> => {
    const startedAtMs = performance.now();
    const answer = await ask();
    return { ...answer, ms: performance.now() - startedAtMs };
  };
  // Enough requests to use the open connections and to wait for one.
  const many = (ask: () => Promise<HttpAnswer>) => Promise.all(Array.from({ length: 15 }, () => timed(ask)));
  const before = await many(() => http.get('/v1/runs'));
  for (const answer of before) expect(answer.status).toBe(200);
  const slackMs = 10 * Math.max(...before.map(({ ms }) => ms));

  proxy.silence();
  const entities = many(() => http.get('/v1/entities/ad/ad-1'));
  const predictions = many(() => http.post('/v1/models/ad_ctr/predict', body('ad-1')));
  for (const { status, ms, ...answer } of await entities) {
    expect(status).toBe(200);
    expect(entityAnswerSchema.parse(answer.body).history_available).toBe(false);
    expect(ms).toBeLessThan(HISTORY_WITHIN_MS + slackMs);
  }
  for (const { status, ms } of await predictions) {
    expect(status).toBe(200);
    expect(ms).toBeLessThan(HISTORY_WITHIN_MS + slackMs);
  }
  const refused = Object.entries(needDatabase).map(async ([route, ask]) => ({
    route,
    answers: await many(ask),
  }));
  const push = timed(() => http.post('/v1/views/ad_stats/push', pushed));
  for (const { route, answers } of await Promise.all(refused))
    for (const { status, headers, ms, ...answer } of answers) {
      expect([route, status, headers.get('retry-after')]).toEqual([route, 503, '2']);
      expect(problemSchema.parse(answer.body).code).toBe('DATABASE_UNAVAILABLE');
      expect(ms).toBeLessThan(REFUSED_WITHIN_MS + slackMs);
    }
  expect(await push).toMatchObject({ status: 503, body: { code: 'DATABASE_UNAVAILABLE' } });
  expect((await push).ms).toBeLessThan(PUSH_WITHIN_MS + slackMs);
  expect((await http.get('/health/ready')).status).toBe(200);

  await proxy.restore();
  await vi.waitFor(async () => expect((await http.get('/v1/runs')).status).toBe(200), { timeout: 60_000 });
  for (const answer of await many(() => http.get(`/v1/runs/${runId}`))) expect(answer.status).toBe(200);
  const entity = entityAnswerSchema.parse((await http.get('/v1/entities/ad/ad-1')).body);
  expect(entity.history_available).toBe(true);
  await inference.close();
  await proxy.cut();
});
