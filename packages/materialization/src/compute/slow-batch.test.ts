import { resolve } from 'node:path';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { definitionFingerprint, loadProject, type RowOutcome } from '@larder/features';
import { createComputePool, type ComputePool } from './compute-pool.ts';

const configPath = resolve(import.meta.dirname, '../../fixtures/larder.config.ts');
const DONE = [{ values: { word_count: 2 } }];

let definition: string;
let pool: ComputePool;
beforeAll(async () => {
  const { manifest } = await loadProject(configPath);
  definition = definitionFingerprint(manifest, 'ad_words@1') ?? '';
});
afterEach(() => pool.close());

const none = (): Promise<string> => Promise.reject(new Error('No view here has an artifact.'));

/** `graceMs`: what a batch that was asked to stop has for it. */
function start(batchTimeoutMs: number, graceMs = 500): void {
  pool = createComputePool({
    configPath,
    artifactFolder: none,
    threads: 1,
    logLevel: 'silent',
    batchTimeoutMs,
    graceMs,
  });
}

/** `body` as in `words.ts`. */
const compute = (body: string): Promise<RowOutcome[]> =>
  pool.compute({
    viewRef: 'ad_words@1',
    definition,
    artifacts: {},
    rows: [{ ad_id: 'a', body: `${body} word` }],
  });

test('time spent waiting for a thread does not count', async () => {
  start(4_000);
  const batches = await Promise.all(Array.from({ length: 12 }, () => compute('slow:900')));
  for (const outcomes of batches) expect(outcomes).toMatchObject(DONE);
});

test('two batches of a thread run at the same time', async () => {
  start(60_000);
  void compute('slow:60000').catch(() => {});
  expect(await compute('fine')).toMatchObject(DONE);
});

/** Settles a promise that is awaited after it may have rejected. */
const failing = (body: string): Promise<unknown> => compute(body).catch((error: unknown) => error);

test('a batch that does not stop fails, and its neighbor runs again', async () => {
  start(6_000);
  const deaf = failing('deaf:600000');
  await compute('slow:3500');
  // The thread dies during this one.
  expect(await compute('slow:3500')).toMatchObject(DONE);
  expect(await deaf).toMatchObject({
    code: 'COMPUTATION_FAILED',
    message: expect.stringContaining('did not end within 6500 ms'),
  });
});

test('a batch that blocks its thread fails, not the one that was overdue first', async () => {
  start(3_000);
  const patient = compute('slow:1000');
  const blocking = failing('block:600000');
  expect(await patient).toMatchObject(DONE);
  expect(await blocking).toMatchObject({ code: 'COMPUTATION_FAILED' });
});

test('a batch that crashes its thread fails, and its neighbor runs again', async () => {
  start(30_000);
  const neighbour = compute('slow:300');
  const ending = failing('exit');
  expect(await neighbour).toMatchObject(DONE);
  expect(await ending).toMatchObject({
    code: 'COMPUTATION_FAILED',
    message: expect.stringContaining('ended with code 1'),
  });
});

test('a batch that stops when asked reports its time limit', async () => {
  start(500, 120_000);
  expect(await failing('slow:60000')).toMatchObject({
    code: 'COMPUTATION_FAILED',
    message: expect.stringContaining('it did not end within 500 ms'),
  });
});

test('messages of a library in the thread are not mistaken for ours', async () => {
  start(30_000);
  expect(await compute('chatter')).toMatchObject(DONE);
});
