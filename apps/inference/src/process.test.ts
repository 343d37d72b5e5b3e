import { readyAnswerSchema } from '@larder/contracts';
import { describe, expect, vi } from 'vitest';
import { startInference } from './start-inference.ts';
import { body } from './testing/ads.ts';
import { createHttp } from './testing/http.ts';
import { logger, test } from './testing/inference-test.ts';

describe('health', () => {
  test('ready when stores answer and every model is loaded, checked and warm', async ({ service }) => {
    expect((await service.http.get('/health/live')).body).toEqual({ status: 'live' });
    const answer = await service.http.get('/health/ready');
    expect(answer.status).toBe(200);
    const { status, degraded, checks } = readyAnswerSchema.parse(answer.body);
    expect([status, degraded]).toEqual(['ready', false]);
    expect(checks.map(({ name }) => name)).toEqual([
      'redis',
      'postgresql',
      'definitions',
      'model ad_brightness',
      'model ad_ctr',
      'model fragile_model',
    ]);
  });
});

describe('metrics', () => {
  test('count requests, stages, readings and log entries', async ({ service }) => {
    await service.http.post('/v1/models/ad_ctr/predict', body('ad-1'));
    await service.http.post('/v1/models/ad_ctr/predict', '{');
    await service.http.get('/v1/runs/nope');
    await vi.waitFor(
      async () => {
        const { text, headers } = await service.http.get('/metrics');
        expect(headers.get('content-type')).toContain('text/plain');
        const value = (line: string) =>
          Number(
            text
              .split('\n')
              .find((candidate) => candidate.startsWith(line))
              ?.split(' ')
              .at(-1),
          );
        expect(
          value('larder_http_requests_total{route="/v1/models/{model}/predict",method="POST",status="200"}'),
        ).toBe(1);
        expect(
          value('larder_http_requests_total{route="/v1/models/{model}/predict",method="POST",status="400"}'),
        ).toBe(1);
        expect(value('larder_http_requests_total{route="/v1/runs/{id}",method="GET",status="404"}')).toBe(1);
        for (const stage of ['features', 'on_demand', 'queue', 'model', 'total']) {
          const labels = `model="ad_ctr",route="/v1/models/{model}/predict",stage="${stage}"`;
          expect(value(`larder_predict_seconds_count{${labels}}`)).toBe(1);
          expect(value(`larder_predict_seconds_bucket{${labels},le="+Inf"}`)).toBe(1);
        }
        expect(value('larder_http_request_seconds_count{route="/v1/runs/{id}",method="GET"}')).toBe(1);
        const reading = 'larder_feature_readings_total{feature';
        expect(value(`${reading}="ad_image@1:brightness",status="PRESENT",source="online"}`)).toBe(1);
        expect(value('larder_view_age_seconds_count{view="ad_image@1"}')).toBe(1);
        expect(value('larder_postgresql_connections_limit{pool="main"}')).toBeGreaterThan(1);
        expect(value('larder_view_readings_total{view="ad_image@1",status="PRESENT"}')).toBe(1);
        expect(value('larder_prediction_log_total{outcome="written"}')).toBe(1);
        expect(value('larder_definitions_not_loaded')).toBe(0);
        expect(value('nodejs_eventloop_lag_seconds')).toBeGreaterThanOrEqual(0);
      },
      { timeout: 60_000 },
    );
  });
});

describe('documents', () => {
  test('the OpenAPI document has every route, and the served models with their own fields', async ({
    service,
  }) => {
    const document = (await service.http.get('/openapi.json')).body as {
      openapi: string;
      paths: Record<string, object>;
    };
    expect(document.openapi).toMatch(/^3\.1/);
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining([
        '/v1/models/{model}/predict',
        '/v1/models/ad_ctr/predict',
        '/v1/runs/{id}/events',
      ]),
    );
    expect(JSON.stringify(document.paths['/v1/models/ad_ctr/predict'])).toContain(
      '"shopper_id":{"type":"integer"',
    );
  });

  test('the page loads everything from this process', async ({ service }) => {
    const page = await service.http.get('/docs/');
    expect(page.status).toBe(200);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'self'");
    const asked = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '');
    expect(asked.length).toBeGreaterThan(3);
    for (const path of asked) {
      expect(path).toMatch(/^\.\//);
      expect((await service.http.get(new URL(path, 'http://x/docs/').pathname)).status).toBe(200);
    }
    const init = await service.http.get('/docs/swagger-ui-init.js');
    expect(init.text).toContain('"validatorUrl": null');
    expect((await service.http.get('/docs')).status).toBe(200);
  });
});

describe('shutdown', () => {
  test('a running request is answered, log entries are written, then the port is closed', async ({
    service,
  }) => {
    const inference = await startInference(service.config, logger);
    const http = createHttp(inference.url);
    const answers = Array.from({ length: 20 }, () => http.post('/v1/models/ad_ctr/predict', body('ad-1')));
    await Promise.race(answers);
    await inference.close();
    const settled = await Promise.allSettled(answers);
    const ids = settled.flatMap((answer) =>
      answer.status === 'fulfilled' ? [(answer.value.body as { prediction_id: string }).prediction_id] : [],
    );
    expect(ids.length).toBeGreaterThan(0);
    const { rows } = await service.offlineStore.pool.query(
      'select prediction_id from larder.predictions where prediction_id = any($1::uuid[])',
      [ids],
    );
    expect(rows).toHaveLength(ids.length);
    await expect(http.get('/health/live')).rejects.toThrow('fetch failed');
  });
});
