import { createLogger } from '@larder/core';
import { announceProcess, type OfflineStore } from '@larder/offline-store';
import { sql } from 'kysely';
import { expect, onTestFinished } from 'vitest';
import { VIEW, claim, dispatch, land, newRun, plannedRun, test } from '../testing/runs.ts';
import { cancelRun, createRun, heartbeatChunk, pauseRun, resumeRun } from '../runs/index.ts';
import { readPressure } from './read-pressure.ts';
import { createViewCosts } from './record-view-costs.ts';

const REF = 'ad_image@1';

/** 0.5 s of a thread for each row. */
async function measured(store: OfflineStore, project: string, version = 1): Promise<void> {
  const costs = createViewCosts(store, project);
  costs.add({ view: VIEW.view, version }, 100, 50);
  await costs.write();
}

async function agedBy(store: OfflineStore, runId: string, seconds: number): Promise<void> {
  await sql`update larder.chunks set not_before = not_before - ${seconds} * interval '1 second'
    where run_id = ${runId}`.execute(store.db);
}

test('nothing waits: no work, no age', async ({ store, project }) => {
  expect(await readPressure(store, project)).toEqual({
    workSeconds: 0,
    oldestAgeSeconds: 0,
    slots: 0,
    workers: 0,
    rows: 0,
    views: [],
  });
});

test('pending rows and what is left of running ones, by the measured cost of their view', async ({
  store,
  project,
}) => {
  const runId = await plannedRun(store, project, 4);
  expect((await readPressure(store, project)).views).toEqual([
    { ref: REF, rows: 40, secondsPerRow: 0.001, measured: false, workSeconds: 0.04 },
  ]);
  await measured(store, project);
  expect(await readPressure(store, project)).toMatchObject({ rows: 40, workSeconds: 20 });
  const [first, second] = await dispatch(store, project, { slots: 2 });
  if (!first || !second) throw new Error('Nothing was dispatched.');
  expect(await readPressure(store, project)).toMatchObject({ rows: 40 });
  const chunk = await claim(store, first);
  if (!chunk) throw new Error('Nothing was claimed.');
  await heartbeatChunk(store, chunk, { leaseMs: 10_000, progress: { done: 6, failed: 1, skipped: 0 } });
  expect(await readPressure(store, project)).toMatchObject({ rows: 33, workSeconds: 16.5 });
  await land(store, runId, first);
  expect(await readPressure(store, project)).toMatchObject({ rows: 30, workSeconds: 15 });
});

test('paused and held runs are no work; a resumed one is, without the age of its pause', async ({
  store,
  project,
}) => {
  const runId = await plannedRun(store, project, 2);
  await agedBy(store, runId, 100);
  expect((await readPressure(store, project)).oldestAgeSeconds).toBeCloseTo(100, -1);
  await pauseRun(store, project, runId);
  expect(await readPressure(store, project)).toMatchObject({ rows: 0, workSeconds: 0, oldestAgeSeconds: 0 });
  await sql`update larder.runs set paused_at = paused_at - interval '60 seconds',
    started_at = now() - interval '90 seconds' where run_id = ${runId}`.execute(store.db);
  await resumeRun(store, project, runId);
  const { rows, oldestAgeSeconds } = await readPressure(store, project);
  expect(rows).toBe(20);
  expect(oldestAgeSeconds).toBeGreaterThan(39);
  expect(oldestAgeSeconds).toBeLessThan(70);
  await sql`update larder.runs set status = 'held' where run_id = ${runId}`.execute(store.db);
  expect(await readPressure(store, project)).toMatchObject({ rows: 0, oldestAgeSeconds: 0 });
  await sql`update larder.runs set status = 'running' where run_id = ${runId}`.execute(store.db);
  await cancelRun(store, project, runId);
  expect(await readPressure(store, project)).toMatchObject({ rows: 0 });
});

test('a run that waits to be cut into chunks is enough to start a worker', async ({ store, project }) => {
  const { runId } = await createRun(store, newRun(project));
  await sql`update larder.runs set queued_at = now() - interval '50 seconds' where run_id = ${runId}`.execute(
    store.db,
  );
  const { workSeconds, oldestAgeSeconds } = await readPressure(store, project);
  expect(workSeconds).toBe(1);
  expect(oldestAgeSeconds).toBeCloseTo(50, -1);
});

test('a run with a rate counts what it may take in two minutes', async ({ store, project }) => {
  await measured(store, project);
  await plannedRun(store, project, 40, { maxRowsPerSecond: 0.5 });
  expect(await readPressure(store, project)).toMatchObject({ rows: 60, workSeconds: 30 });
});

test('a new version costs what another version costs, and a computed one more than a copied one', async ({
  store,
  project,
}) => {
  await plannedRun(store, project, 1);
  const secondsPerRow = async () => (await readPressure(store, project)).views[0]?.secondsPerRow;
  await sql`with m as (
      insert into larder.manifests (project, manifest, changes, same_meaning, actor)
      values (${project}, '{}', '[]', '{}', 'test') returning id
    ) insert into larder.view_versions (project, view, version, definition, manifest_id)
      select ${project}, ${VIEW.view}, 1, '{"compute": {"kind": "image_features"}}', id from m`.execute(
    store.db,
  );
  expect(await secondsPerRow()).toBe(0.05);
  await measured(store, project, 7);
  expect(await secondsPerRow()).toBe(0.5);
});

test('of a run with a great many chunks the first ones count', async ({ store, project }) => {
  const runId = await plannedRun(store, project, 1);
  await sql`insert into larder.chunks (run_id, ordinal, bounds, rows_total)
    select ${runId}, at, '{}', 10 from generate_series(1, 30000) at`.execute(store.db);
  expect((await readPressure(store, project)).rows).toBe(100_000);
});

test('slots are those of living workers', async ({ store, project }) => {
  const logger = createLogger('test', { level: 'silent' });
  for (const [role, slots] of [
    ['worker', 3],
    ['worker', 2],
    ['inference', null],
  ] as const) {
    const process = { processId: `${project}-${role}-${slots}`, project, role, slots, describe: () => ({}) };
    const announced = announceProcess(store, process, { logger });
    onTestFinished(() => announced.close());
  }
  await expect.poll(() => readPressure(store, project)).toMatchObject({ slots: 5, workers: 2 });
});
