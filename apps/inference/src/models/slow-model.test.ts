import { join } from 'node:path';
import { loadProject } from '@larder/features';
import { loadModel } from '@larder/model-runtime';
import { writeLogisticArtifact } from '@larder/model-runtime/testing';
import { applyManifest } from '@larder/registry';
import { AD_CTR_WEIGHTS } from '@larder/serving/testing';
import { expect, vi } from 'vitest';
import { applyFiles } from '../testing/apply-files.ts';
import { body } from '../testing/ads.ts';
import { test, type Service } from '../testing/inference-test.ts';

const BRIGHTNESS = { features: ['ad_image:brightness'], weights: [1], output: 'score', imputed: 0.25 };
/** Loading takes as long as five rows or more: longer than two applies, on any machine. */
const ROW_MS = 700;

/** So slow that a row takes about `rowMs` on this machine. */
async function slownessFor({ root }: Service['project'], rowMs: number): Promise<number> {
  const artifactPath = join(root, 'models/calibration');
  await writeLogisticArtifact(artifactPath, { ...BRIGHTNESS, slowness: 50 });
  const { oneRowMs, close } = await loadModel({
    artifactPath,
    expectedFeatures: BRIGHTNESS.features,
    width: 1,
    outputs: [BRIGHTNESS.output],
    placement: 'inline',
  });
  await close();
  return Math.round((50 * rowMs) / oneRowMs);
}

test('a slow model of an apply delays neither the answers nor the new version of another model', async ({
  service,
}) => {
  const { http, offlineStore, project } = service;
  const versionOf = async (model: string, asked: unknown) => {
    const { status, body: answer } = await http.post(`/v1/models/${model}/predict`, asked);
    expect(status).toBe(200);
    return (answer as { version: number }).version;
  };
  const { inputs } = project.manifest.models['ad_ctr'] ?? {};
  const features = (inputs ?? []).flatMap(({ view, features: names }) =>
    names.map((name) => `${view}:${name}`),
  );
  const write = (name: string, artifact: Parameters<typeof writeLogisticArtifact>[1]) =>
    writeLogisticArtifact(join(project.root, 'models', name), artifact);
  await write('ad_ctr', { features, weights: AD_CTR_WEIGHTS, imputed: 0.5 });
  await write('ad_brightness', { ...BRIGHTNESS, slowness: await slownessFor(project, ROW_MS) });
  const { manifest } = await loadProject(project.configPath);
  await applyFiles(service);

  const brightness = { entities: { ad_id: 'ad-1' }, options: { deadline_ms: 60_000 } };
  await vi.waitFor(async () => expect(await versionOf('ad_ctr', body('ad-1'))).toBe(2), { timeout: 60_000 });
  expect(await versionOf('ad_brightness', brightness), 'it is still being loaded').toBe(1);

  // It does not delay a later apply either.
  const view = manifest.feature_views['ad_stats@1'];
  if (view === undefined) throw new Error('the fixture has no ad_stats');
  const strict = {
    ...manifest,
    feature_views: { ...manifest.feature_views, 'ad_stats@1': { ...view, ttl_ms: 1 } },
  };
  await applyManifest(offlineStore, strict, { actor: 'test' });
  await vi.waitFor(
    async () =>
      expect((await http.post('/v1/models/ad_ctr/predict', body('ad-1'))).body).toMatchObject({
        degraded_reasons: ['ad_stats@1:OUTSIDE_MAX_AGE'],
      }),
    { timeout: 60_000 },
  );
  expect(await versionOf('ad_brightness', brightness), 'it is still being loaded').toBe(1);

  await vi.waitFor(async () => expect(await versionOf('ad_brightness', brightness)).toBe(2), {
    timeout: 60_000,
  });
  const { body: shown } = await http.get('/v1/models/ad_brightness');
  expect(shown).toMatchObject({ placement: 'pool', problem: null });
});
