import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readyAnswerSchema } from '@larder/contracts';
import type { Manifest } from '@larder/features';
import { applyManifest } from '@larder/registry';
import { openFixture } from '@larder/serving/testing';
import { expect, inject, vi } from 'vitest';
import { startInference } from './start-inference.ts';
import { body, SCORE } from './testing/ads.ts';
import { createHttp } from './testing/http.ts';
import { logger, test } from './testing/inference-test.ts';

test('a process that was started with other code answers as what is applied', async ({ service }) => {
  const old = await openFixture(inject('testFolder'));
  const source = await readFile(old.configPath, 'utf8');
  const other = source.replace('hour_sin: Math.sin(angle)', 'hour_sin: 7');
  expect(other).not.toBe(source);
  const projectPath = join(old.root, 'other.config.ts');
  await writeFile(projectPath, other);
  const inference = await startInference({ ...service.config, projectPath }, logger);
  const http = createHttp(inference.url);
  const answer = await http.post('/v1/models/ad_ctr/predict', body('ad-1'));
  expect(answer.body).toMatchObject({ degraded: false, outputs: { ctr: expect.closeTo(SCORE, 5) } });

  const ready = readyAnswerSchema.parse((await http.get('/health/ready')).body);
  expect(ready).toMatchObject({ status: 'ready', degraded: false });
  expect(ready.checks.find(({ name }) => name === 'definitions')).toMatchObject({
    degraded: false,
    detail: expect.stringContaining('on-demand view moment'),
  });
  expect((await http.get('/metrics')).text).toMatch(/larder_definitions_not_loaded 1\n/);
  await inference.close();
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
    { timeout: 60_000 },
  );
});
