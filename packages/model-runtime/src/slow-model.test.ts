import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { loadModel, type ModelRunner } from './load-model.ts';
import { writeLogisticArtifact } from './testing/index.ts';

const FEATURES = ['ad_image:brightness', 'ad_stats:clicks'];

async function load(slowness: number): Promise<ModelRunner> {
  const artifactPath = await mkdtemp(join(tmpdir(), 'larder-slow-'));
  await writeLogisticArtifact(artifactPath, { features: FEATURES, weights: [1, 2], slowness });
  const runner = await loadModel({
    artifactPath,
    expectedFeatures: FEATURES,
    width: 2,
    outputs: ['ctr'],
    poolThreads: 1,
  });
  onTestFinished(async () => {
    await runner.close();
    await rm(artifactPath, { recursive: true });
  });
  return runner;
}

test('while a slow model is loaded, checked and timed, another one goes on predicting', async () => {
  const quick = await load(0);
  expect(quick.placement).toBe('inline');
  const tensor = Float32Array.of(1, 0);
  const done = new AbortController();
  const loading = load(500).finally(() => done.abort());
  let predictions = 0;
  let longestGapMs = 0;
  for (let before = performance.now(); !done.signal.aborted; await nextTurn()) {
    await quick.run(tensor, 1);
    predictions += 1;
    const now = performance.now();
    longestGapMs = Math.max(longestGapMs, now - before);
    before = now;
  }
  const slow = await loading;
  expect(slow.placement).toBe('pool');
  expect(predictions).toBeGreaterThan(100);
  // its three golden rows alone would hold this thread for longer than that
  expect(longestGapMs).toBeLessThan(2.5 * slow.oneRowMs);
  expect((await slow.run(tensor, 1))['ctr']?.[0]).toBeCloseTo(1 / (1 + Math.exp(-1)), 5);
});
