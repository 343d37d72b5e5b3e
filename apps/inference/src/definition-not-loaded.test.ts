import { problemSchema, readyAnswerSchema } from '@larder/contracts';
import type { Manifest } from '@larder/features';
import { applyManifest } from '@larder/registry';
import { expect, vi } from 'vitest';
import { body } from './testing/ads.ts';
import { test } from './testing/inference-test.ts';

test('applied code that this process lacks: 503 for what needs it, named by readiness, until it is loaded', async ({
  service,
}) => {
  const { http, offlineStore, project } = service;
  const { manifest } = project;
  const moment = manifest.on_demand_feature_views['moment'];
  if (moment === undefined) throw new Error('the fixture has no moment');
  const changed: Manifest = {
    ...manifest,
    on_demand_feature_views: {
      ...manifest.on_demand_feature_views,
      moment: { ...moment, code_sha256: 'f'.repeat(64) },
    },
  };
  await applyManifest(offlineStore, changed, { actor: 'test', sameMeaning: true });
  await vi.waitFor(
    async () => expect((await http.post('/v1/models/ad_ctr/predict', body('ad-1'))).status).toBe(503),
    { timeout: 15_000 },
  );

  const refused = await http.post('/v1/models/ad_ctr/predict', body('ad-1'));
  expect(problemSchema.parse(refused.body)).toMatchObject({
    code: 'DEFINITION_NOT_LOADED',
    detail: expect.stringContaining('moment'),
  });
  expect((await http.post('/v1/models/ad_brightness/predict', { entities: { ad_id: 'ad-1' } })).status).toBe(
    200,
  );
  const ready = await http.get('/health/ready');
  expect(ready.status, 'an apply before the code rolls out takes no process out of service').toBe(200);
  const answer = readyAnswerSchema.parse(ready.body);
  expect(answer).toMatchObject({ status: 'ready', degraded: true });
  const failing = answer.checks.filter(({ degraded }) => degraded);
  expect(failing.map(({ name }) => name)).toEqual(['definitions', 'model ad_ctr']);
  const { text: metrics } = await http.get('/metrics');
  expect(metrics).toMatch(/larder_definitions_not_loaded 1\n/);
  expect(metrics).toMatch(/larder_ready 1\n/);
  expect(metrics).toContain('larder_check_degraded{check="model ad_ctr"} 1\n');
  expect(metrics).toContain('larder_check_degraded{check="redis"} 0\n');

  await applyManifest(offlineStore, manifest, { actor: 'test', sameMeaning: true });
  await vi.waitFor(
    async () => expect((await http.get('/health/ready')).body).toMatchObject({ degraded: false }),
    { timeout: 15_000 },
  );
  expect((await http.post('/v1/models/ad_ctr/predict', body('ad-1'))).status).toBe(200);
});

test('a changed TTL takes effect soon, without a restart', async ({ service }) => {
  const { http, offlineStore, project } = service;
  const { manifest } = project;
  const view = manifest.feature_views['ad_stats@1'];
  if (view === undefined) throw new Error('the fixture has no ad_stats');
  const strict: Manifest = {
    ...manifest,
    feature_views: { ...manifest.feature_views, 'ad_stats@1': { ...view, ttl_ms: 1 } },
  };
  await applyManifest(offlineStore, strict, { actor: 'test' });
  await vi.waitFor(
    async () => {
      const answer = await http.post('/v1/models/ad_ctr/predict', body('ad-1'));
      expect(answer.body).toMatchObject({ degraded_reasons: ['ad_stats@1:OUTSIDE_MAX_AGE'] });
    },
    // Two seconds on an idle machine; this one may be busy.
    { timeout: 15_000 },
  );
});
