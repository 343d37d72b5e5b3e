import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createSessionPool, type SessionPool } from './session-pool.ts';
import { checkArtifact } from '../artifact/check-artifact.ts';
import { loadModel } from '../load-model.ts';
import type { CheckedModel } from '../artifact/checked-model.ts';
import { writeLogisticArtifact } from '../testing/index.ts';

let folder: string;
let model: CheckedModel;
let pool: SessionPool;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'larder-pool-'));
  await writeLogisticArtifact(folder, { features: ['a:b', 'a:c'], weights: [1, 1] });
  const check = {
    name: 'ad_ctr',
    artifactPath: folder,
    features: ['a:b', 'a:c'],
    width: 2,
    outputs: ['ctr'],
  };
  const { session, artifact } = await checkArtifact({ ...check, missing: 0 });
  await session.close();
  model = artifact.model;
  pool = await createSessionPool({ model, oneRowMs: 1, threads: 2 });
});

afterEach(async () => {
  await pool.close();
  await rm(folder, { recursive: true });
});

const score = async (logit: number): Promise<number | undefined> =>
  (await pool.run(Float32Array.of(logit, 0), 1))['ctr']?.[0];
const sigmoid = (logit: number): unknown => expect.closeTo(1 / (1 + Math.exp(-logit)), 6);

test('answers more callers than it has threads, each with its own rows', async () => {
  const logits = Array.from({ length: 40 }, (_, index) => index / 10 - 2);
  expect(await Promise.all(logits.map(score))).toEqual(logits.map(sigmoid));
});

test('a thread that dies during a run is replaced and the run repeated', async () => {
  const runs = Promise.all(Array.from({ length: 20 }, () => score(1)));
  const before = await pool.threads();
  await before[0]?.terminate();
  expect(await runs).toEqual(Array.from({ length: 20 }, () => sigmoid(1)));
  await Promise.all([score(0), score(0)]);
  const after = await pool.threads();
  expect(after).toHaveLength(2);
  expect(after).not.toContain(before[0]);
});

test('all threads dead while idle: the next run starts one', async () => {
  await Promise.all((await pool.threads()).map((thread) => thread.terminate()));
  expect(await score(2)).toEqual(sigmoid(2));
});

test('a missing model file fails the run instead of waiting, and callers do not see its path', async () => {
  await rm(join(folder, 'model.onnx'));
  await Promise.all((await pool.threads()).map((thread) => thread.terminate()));
  const failure = await score(2).then(
    () => null,
    (error: unknown) => error,
  );
  expect(failure).toMatchObject({
    code: 'MODEL_RUN_FAILED',
    cause: { message: expect.stringContaining('cannot be read') },
  });
  expect(String(failure)).not.toContain(folder);
});

test('a file that was replaced after its check is never run for the model that was checked', async () => {
  await writeLogisticArtifact(folder, { features: ['a:b', 'a:c'], weights: [5, 5] });
  await Promise.all((await pool.threads()).map((thread) => thread.terminate()));
  await expect(score(2)).rejects.toMatchObject({
    code: 'MODEL_RUN_FAILED',
    cause: { message: expect.stringContaining('was replaced') },
  });
});

test('closing fails the runs that wait', async () => {
  const runs = Promise.allSettled(Array.from({ length: 50 }, () => score(1)));
  await pool.close();
  const failures = (await runs).filter((run) => run.status === 'rejected');
  expect(failures.length).toBeGreaterThan(0);
  for (const { reason } of failures) expect(reason).toMatchObject({ code: 'MODEL_RUN_FAILED' });
});

test('closing during a run that nobody waits for ends the thread after it, not the process', async () => {
  await writeLogisticArtifact(folder, { features: ['a:b', 'a:c'], weights: [1, 1], slowness: 500 });
  const expected = { expectedFeatures: ['a:b', 'a:c'], width: 2, outputs: ['ctr'] };
  const slow = await loadModel({ artifactPath: folder, ...expected, poolThreads: 1 });
  const caller = { deadlineAtMs: performance.now() + 5, gone: () => false };
  await expect(slow.run(Float32Array.of(1, 1), 1, caller)).rejects.toMatchObject({
    code: 'DEADLINE_EXCEEDED',
  });
  await slow.close();
});

test('reports what ONNX Runtime says about a run', async () => {
  await expect(pool.run(new Float32Array(3), 1.5)).rejects.toMatchObject({
    code: 'MODEL_RUN_FAILED',
    message: expect.stringContaining('ad_ctr could not be run'),
  });
});
