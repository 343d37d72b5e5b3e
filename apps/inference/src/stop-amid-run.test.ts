import { join } from 'node:path';
import { loadProject } from '@larder/features';
import { writeLogisticArtifact } from '@larder/model-runtime/testing';
import { applyManifest } from '@larder/registry';
import { expect } from 'vitest';
import { test } from './testing/inference-test.ts';
import { environmentOf, startProcess } from './testing/start-process.ts';

test('SIGTERM while a model runs for nobody any more: the process ends after the run, cleanly', async ({
  service,
}) => {
  const { offlineStore, project } = service;
  await writeLogisticArtifact(join(project.root, 'models/ad_brightness'), {
    features: ['ad_image:brightness'],
    weights: [1],
    output: 'score',
    imputed: 0.25,
    slowness: 600,
  });
  await applyManifest(offlineStore, (await loadProject(project.configPath)).manifest, { actor: 'test' });
  const started = startProcess(environmentOf(service.config));
  const url = await started.url();
  const ask = (deadlineMs: number) =>
    fetch(`${url}/v1/models/ad_brightness/predict`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ entities: { ad_id: 'ad-1' }, options: { deadline_ms: deadlineMs } }),
    });
  // the first is tried although it cannot end in time: nothing was measured for long
  expect((await ask(50)).status).toBe(504);
  started.kill('SIGTERM');
  expect(await started.exited).toBe(0);
  expect(started.output()).not.toMatch(/Napi|abort/i);
});
