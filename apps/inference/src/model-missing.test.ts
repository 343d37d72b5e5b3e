import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { problemSchema, readyAnswerSchema } from '@larder/contracts';
import { loadProject } from '@larder/features';
import { writeLogisticArtifact } from '@larder/model-runtime/testing';
import { applyManifest } from '@larder/registry';
import { expect, vi } from 'vitest';
import { startInference } from './start-inference.ts';
import { createHttp, type Http } from './testing/http.ts';
import { logger, test } from './testing/inference-test.ts';

const PATH = '/v1/models/ad_brightness/predict';
const ASKED = { entities: { ad_id: 'ad-1' } };

/** The checks that are degraded; the process as a whole stays ready. */
async function notReady(http: Http) {
  const ready = await http.get('/health/ready');
  expect(ready.status).toBe(200);
  const { status, degraded, checks } = readyAnswerSchema.parse(ready.body);
  const failing = checks.filter((check) => check.degraded);
  expect([status, degraded]).toEqual(['ready', failing.length > 0]);
  return failing;
}

test('an artifact that is not the applied one: 503 for its model only, and ready again once it is restored', async ({
  service,
}) => {
  const file = join(service.project.root, 'models/ad_brightness/model.onnx');
  await rename(file, `${service.project.root}/model.onnx.away`);
  const inference = await startInference(service.config, logger);
  const http = createHttp(inference.url);
  const refused = await http.post(PATH, ASKED);
  expect(refused.status).toBe(503);
  const problem = problemSchema.parse(refused.body);
  expect(problem).toMatchObject({ code: 'MODEL_NOT_READY', retryable: true });
  expect(problem.detail).not.toContain('models/');
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect((await http.post('/v1/models/fragile_model/predict', { request: { how: 'x' } })).status).toBe(200);
  expect(await notReady(http)).toMatchObject([
    {
      name: 'model ad_brightness',
      detail: expect.stringContaining('is missing or is not the one that was applied'),
    },
  ]);

  await rename(`${service.project.root}/model.onnx.away`, file);
  await vi.waitFor(async () => expect(await notReady(http)).toEqual([]), { timeout: 15_000 });
  expect((await http.post(PATH, ASKED)).status).toBe(200);
  await inference.close();
});

test('a model folder that is missing at start: the other models answer', async ({ service }) => {
  const folder = join(service.project.root, 'models/ad_brightness');
  await rename(folder, `${service.project.root}/away`);
  const inference = await startInference(service.config, logger);
  const http = createHttp(inference.url);
  expect((await http.post(PATH, ASKED)).body).toMatchObject({ code: 'MODEL_NOT_READY' });
  expect((await http.post('/v1/models/fragile_model/predict', { request: { how: 'x' } })).status).toBe(200);
  expect(await notReady(http)).toMatchObject([
    { name: 'model ad_brightness', detail: expect.stringContaining('is missing') },
  ]);
  await rename(`${service.project.root}/away`, folder);
  await vi.waitFor(async () => expect(await notReady(http)).toEqual([]), { timeout: 15_000 });
  await inference.close();
});

test('a new artifact that fails its golden rows: the previous version stays in service, readiness says why', async ({
  service,
}) => {
  const { http, offlineStore, project } = service;
  const features = ['ad_image:brightness'];
  const folder = join(project.root, 'models/ad_brightness');
  const artifact = { features, weights: [2], output: 'score', imputed: 0.25 };
  await writeLogisticArtifact(folder, { ...artifact, goldenScores: [0.1, 0.2, 0.3] });
  await applyManifest(offlineStore, (await loadProject(project.configPath)).manifest, { actor: 'test' });
  await vi.waitFor(async () => expect(await notReady(http)).toHaveLength(1), { timeout: 15_000 });
  expect(await notReady(http)).toMatchObject([
    { name: 'model ad_brightness', detail: expect.stringContaining('MODEL_GOLDEN_MISMATCH') },
  ]);
  expect((await http.post(PATH, ASKED)).body).toMatchObject({ version: 1 });

  await writeLogisticArtifact(folder, artifact);
  await applyManifest(offlineStore, (await loadProject(project.configPath)).manifest, { actor: 'test' });
  await vi.waitFor(async () => expect((await http.post(PATH, ASKED)).body).toMatchObject({ version: 3 }), {
    timeout: 15_000,
  });
  expect(await notReady(http)).toEqual([]);
});
