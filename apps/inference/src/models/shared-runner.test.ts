import { join } from 'node:path';
import { loadedFunctions } from '@larder/features';
import { compileRead } from '@larder/online-store';
import { compilePlan } from '@larder/serving';
import { expect } from 'vitest';
import { test } from '../testing/inference-test.ts';
import { acquireRunner } from './shared-runner.ts';

test('a model that cannot be closed is logged, and the process continues', async ({ project }) => {
  const plan = compilePlan({
    manifest: project.manifest,
    functionOf: loadedFunctions(project),
    model: 'ad_brightness',
    version: 1,
    onlineStore: { compileRead: (groups) => compileRead(project.name, groups) },
  });
  const lines: object[] = [];
  const logger = { warn: (fields: object) => void lines.push(fields) };
  const folder = async () => join(project.root, plan.model.artifact.path);
  const options = { model: plan.model, width: plan.width, tensors: plan.tensors, folder };
  const runner = await acquireRunner(options, { known: () => [], logger });
  const [input] = plan.model.inputs;
  const otherViewVersion = { ...plan.model, inputs: [{ ...input, version: 2 } as typeof input & object] };
  const again = await acquireRunner(
    { ...options, model: otherViewVersion },
    { known: () => [runner], logger },
  );
  expect(again, 'the same artifact with the same columns').toBe(runner);
  again.release();
  const other = await acquireRunner(
    { ...options, model: { ...plan.model, missing: 0 } },
    { known: () => [runner], logger },
  );
  expect(other, 'it was checked with other missing values').not.toBe(runner);
  other.release();
  expect((await runner.model.run(new Float32Array(plan.width), 1))['score']).toHaveLength(1);

  await runner.model.close(); // a second close fails
  runner.release();
  await expect.poll(() => lines).toMatchObject([{ model: 'ad_brightness', err: expect.any(Error) }]);
});
