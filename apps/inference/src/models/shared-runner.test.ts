import { loadedFunctions } from '@larder/features';
import { compileRead } from '@larder/online-store';
import { compilePlan } from '@larder/serving';
import { expect, vi } from 'vitest';
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
  const options = { root: project.root, model: plan.model, width: plan.width };
  const runner = await acquireRunner(options, { before: undefined, logger });
  const again = await acquireRunner(options, { before: runner, logger });
  expect(again).toBe(runner);
  again.release();
  expect((await runner.model.run(new Float32Array(plan.width), 1))['score']).toHaveLength(1);

  await runner.model.close(); // a second close fails
  runner.release();
  await vi.waitFor(() => expect(lines).toMatchObject([{ model: 'ad_brightness', err: expect.any(Error) }]));
});
