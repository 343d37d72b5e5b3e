import { join } from 'node:path';
import { writeLogisticArtifact } from '@larder/model-runtime/testing';
import { expect } from 'vitest';
import { applyFiles } from './testing/apply-files.ts';
import { test } from './testing/inference-test.ts';
import { environmentOf, startProcess } from './testing/start-process.ts';

test('SIGTERM during a run that nobody waits for: the process ends cleanly after the run', async ({
  service,
}) => {
  const { project } = service;
  await writeLogisticArtifact(join(project.root, 'models/ad_brightness'), {
    features: ['ad_image:brightness'],
    weights: [1],
    output: 'score',
    imputed: 0.25,
    slowness: 20,
  });
  await applyFiles(service);
  const started = startProcess(environmentOf(service.config));
  const url = await started.url();
  // One row is quick, so the run has many; it continues long after its deadline.
  const ask = () =>
    fetch(`${url}/v1/models/ad_brightness/predict-batch`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        rows: Array.from({ length: 200 }, () => ({ entities: { ad_id: 'ad-1' } })),
        options: { deadline_ms: 100 },
      }),
    });
  // On a busy machine Redis may not answer within its share of the 100 ms: then nothing has begun.
  await expect.poll(async () => (await ask()).status).toBe(504);
  started.kill('SIGTERM');
  expect(await started.exited).toBe(0);
  expect(started.output()).not.toMatch(/Napi|abort/i);
});
