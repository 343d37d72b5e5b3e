import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { problemSchema, readyAnswerSchema, type PredictAnswer } from '@larder/contracts';
import { writeLogisticArtifact } from '@larder/model-runtime/testing';
import { expect, vi } from 'vitest';
import { startInference } from './start-inference.ts';
import { applyFiles } from './testing/apply-files.ts';
import { applyUnchecked } from './testing/apply-unchecked.ts';
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

test('the folder of an artifact is overwritten or lost: a process that starts then serves what was applied', async ({
  service,
}) => {
  const before = await service.http.post(PATH, ASKED);
  const folder = join(service.project.root, 'models/ad_brightness');
  for (const harm of [
    () => writeFile(join(folder, 'model.onnx'), 'overwritten'),
    () => rename(folder, `${service.project.root}/away`),
  ]) {
    await harm();
    const inference = await startInference(service.config, logger);
    const http = createHttp(inference.url);
    expect((await http.post(PATH, ASKED)).body).toMatchObject({
      outputs: (before.body as PredictAnswer).outputs,
    });
    expect(await notReady(http)).toEqual([]);
    await inference.close();
  }
});

test('an artifact that the store lost: 503 for its model only, and served again once it is back', async ({
  service,
}) => {
  const { offlineStore, project } = service;
  const { sha256 } = project.manifest.models['ad_brightness']?.artifact ?? { sha256: '' };
  const elsewhere = { url: null, cacheFolder: `${project.root}/other-cache` };
  await offlineStore.pool.query('update larder.artifacts set sha256 = $2 where sha256 = $1', [
    sha256,
    'lost',
  ]);
  const inference = await startInference({ ...service.config, artifacts: elsewhere }, logger);
  const http = createHttp(inference.url);
  const refused = await http.post(PATH, ASKED);
  expect(refused.status).toBe(503);
  const problem = problemSchema.parse(refused.body);
  expect(problem).toMatchObject({ code: 'MODEL_NOT_READY', retryable: true });
  expect(problem.detail).not.toContain('other-cache');
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect((await http.post('/v1/models/fragile_model/predict', { request: { how: 'x' } })).status).toBe(200);
  expect(await notReady(http)).toMatchObject([
    { name: 'model ad_brightness', detail: expect.stringContaining('ARTIFACT_NOT_FOUND') },
  ]);
  await offlineStore.pool.query('update larder.artifacts set sha256 = $1 where sha256 = $2', [
    sha256,
    'lost',
  ]);
  await vi.waitFor(async () => expect(await notReady(http)).toEqual([]), { timeout: 60_000 });
  expect((await http.post(PATH, ASKED)).status).toBe(200);
  await inference.close();
});

test('a new artifact that fails its golden rows: the previous version stays in service, readiness says why', async ({
  service,
}) => {
  const { http, project } = service;
  await rm(`${project.root}/away`, { recursive: true, force: true });
  const features = ['ad_image:brightness'];
  const folder = join(project.root, 'models/ad_brightness');
  const artifact = { features, weights: [2], output: 'score', imputed: 0.25 };
  await writeLogisticArtifact(folder, { ...artifact, goldenScores: [0.1, 0.2, 0.3] });
  await expect(applyFiles(service)).rejects.toMatchObject({ code: 'MODEL_GOLDEN_MISMATCH' });
  await applyUnchecked(service);
  await vi.waitFor(async () => expect(await notReady(http)).toHaveLength(1), { timeout: 60_000 });
  expect(await notReady(http)).toMatchObject([
    { name: 'model ad_brightness', detail: expect.stringContaining('MODEL_GOLDEN_MISMATCH') },
  ]);
  expect((await http.post(PATH, ASKED)).body).toMatchObject({ version: 1 });

  await writeLogisticArtifact(folder, artifact);
  await applyFiles(service);
  await vi.waitFor(async () => expect((await http.post(PATH, ASKED)).body).toMatchObject({ version: 3 }), {
    timeout: 60_000,
  });
  expect(await notReady(http)).toEqual([]);
});
