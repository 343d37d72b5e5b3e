import { setTimeout as delay } from 'node:timers/promises';
import { createBackfill, getRun } from '@larder/materialization/runs';
import { createPressureReader } from '@larder/materialization/pressure';
import { expect } from 'vitest';
import { createAutoscaler } from '../fixtures/autoscaler.ts';
import { everyRowOnce, test } from '../fixtures/shop-worker.ts';
import type { WorkerProcess } from '../fixtures/worker-process.ts';

const ROWS = 600;
/** Up to 50 ms of a thread each: 15 to 30 s of work. */
const BODY = 'slow:50 and then some';
const MAX_REPLICAS = 3;
const SYNC_MS = 250;

test('workers follow the pressure up and down without swinging, and those that are killed lose nothing', async ({
  shop,
  startWorker,
}) => {
  await shop.seedAds(ROWS, () => BODY);
  const pressure = createPressureReader(shop.store, shop.project.name);
  const decide = createAutoscaler({
    targetSeconds: 4,
    minReplicas: 1,
    maxReplicas: MAX_REPLICAS,
    stabilizationMs: 5_000,
  });
  /** A replica counts from its start, like a pod. */
  const workers: Promise<WorkerProcess>[] = [startWorker({ LARDER_WORKER_SLOTS: '1' })];
  const replicas = [1];
  const { runId } = await createBackfill(shop.store, {
    manifest: shop.project.manifest,
    view: 'ad_words',
    scope: { all: true },
  });
  const hasEnded = async () => (await getRun(shop.store, shop.project.name, runId)).finishedAt !== null;

  while (workers.length > 1 || !(await hasEnded())) {
    const { workSeconds } = await pressure();
    const wanted = decide(workers.length, workSeconds);
    while (workers.length < wanted) workers.push(startWorker({ LARDER_WORKER_SLOTS: '1' }));
    while (workers.length > wanted) (await workers.pop())?.kill('SIGKILL');
    if (wanted !== replicas.at(-1)) replicas.push(wanted);
    await delay(SYNC_MS);
  }
  await Promise.all(workers);

  expect(Math.max(...replicas)).toBe(MAX_REPLICAS);
  expect(replicas.at(-1)).toBe(1);
  const steps = replicas.slice(1).map((count, at) => Math.sign(count - (replicas[at] as number)));
  expect(steps).toEqual(steps.toSorted((one, other) => other - one));
  expect(await shop.ended(runId)).toMatchObject({
    status: 'succeeded',
    rows: { total: ROWS, done: ROWS, failed: 0 },
  });
  await everyRowOnce(shop, ROWS);
  const [cost] = await shop.sql<{ cost: number }>(
    'select slot_seconds / rows as cost from larder.view_costs',
  );
  // A thread that waits for one batch begins the next one, so a row may take less than it says.
  expect(cost?.cost).toBeGreaterThan(0.02);
  expect(cost?.cost).toBeLessThan(5);
});
