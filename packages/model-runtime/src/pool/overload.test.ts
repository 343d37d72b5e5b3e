import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isLarderError } from '@larder/core';
import { expect, onTestFinished, test } from 'vitest';
import { loadModel } from '../load-model.ts';
import { writeLogisticArtifact } from '../testing/index.ts';

const CALIBRATION = 20;
const OVERLOAD = 5;
const DURATION_MS = 3_000;
/** At least: a run takes longer on a busy machine. */
const DURATION_RUNS = 60;

async function loadSlow() {
  const artifactPath = await mkdtemp(join(tmpdir(), 'larder-overload-'));
  const features = ['a:b'];
  await writeLogisticArtifact(artifactPath, { features, weights: [1], slowness: 40 });
  const runner = await loadModel({
    artifactPath,
    expectedFeatures: features,
    width: 1,
    outputs: ['ctr'],
    placement: 'pool',
    poolThreads: 1,
  });
  onTestFinished(async () => {
    await runner.close();
    await rm(artifactPath, { recursive: true });
  });
  return runner;
}

test('at several times its capacity, most work of the model is still useful', async () => {
  const runner = await loadSlow();
  const tensor = Float32Array.of(1);
  const calibratedAtMs = performance.now();
  for (let run = 0; run < CALIBRATION; run++) await runner.run(tensor, 1);
  const runMs = (performance.now() - calibratedAtMs) / CALIBRATION;

  const patienceMs = 10 * runMs;
  const durationMs = Math.max(DURATION_MS, DURATION_RUNS * runMs);
  const outcomes = new Map<string, number>();
  const count = (outcome: string): unknown => outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  const runs: Promise<unknown>[] = [];
  let mostWaiting = 0;
  const startedAtMs = performance.now();
  // the load does not slow down with the answers: each tick sends the requests due since the last one
  for (let sent = 0, elapsedMs = 0; elapsedMs < durationMs; elapsedMs = performance.now() - startedAtMs) {
    for (; sent < (OVERLOAD * elapsedMs) / runMs; sent++) {
      const caller = { deadlineAtMs: performance.now() + patienceMs, gone: () => false };
      const run = runner.run(tensor, 1, caller).then(
        () => count('answered'),
        (error: unknown) => count(isLarderError(error) ? error.code : String(error)),
      );
      runs.push(run);
      mostWaiting = Math.max(mostWaiting, runner.runCounts().waiting);
    }
    await sleep(1);
  }
  await Promise.all(runs);
  const {
    answered = 0,
    MODEL_OVERLOADED: refused = 0,
    DEADLINE_EXCEEDED: late = 0,
    ...others
  } = Object.fromEntries(outcomes);
  expect(others).toEqual({});
  expect(answered + refused + late).toBe(runs.length);
  expect(refused).toBeGreaterThan(answered);
  expect(mostWaiting).toBeLessThan(50);
  // goodput: work of the thread for callers that were still waiting
  const { started } = runner.runCounts();
  expect(answered).toBeGreaterThan(10);
  expect(answered / (started - CALIBRATION)).toBeGreaterThan(0.6);
});
