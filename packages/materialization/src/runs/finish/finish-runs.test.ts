import { newId } from '@larder/core';
import { sql } from 'kysely';
import { describe, expect } from 'vitest';
import type { OfflineStore } from '@larder/offline-store';
import { BROKEN, LEASE_MS, VIEW, claim, dispatch, newRun, plannedRun, test } from '../../testing/runs.ts';
import {
  claimRunToPlan,
  completeChunk,
  createRun,
  failChunk,
  finishRuns,
  getRun,
  lockChunk,
  recordLanding,
  savePlan,
  type ChunkAttempt,
} from '../index.ts';

type Counts = Partial<{ readonly done: number; readonly failed: number; readonly skipped: number }>;

async function landOnly(
  store: OfflineStore,
  landing: { readonly runId: string; readonly attempt: ChunkAttempt; readonly counts: Counts },
): Promise<void> {
  const { runId, attempt, counts } = landing;
  await store.transaction(async (tx) => {
    await lockChunk(tx, attempt);
    await recordLanding(tx, {
      runId,
      chunkId: attempt.chunkId,
      counts: { done: 0, failed: 0, skipped: 0, duplicate: 0, ...counts },
      failures: [],
      leaseMs: LEASE_MS,
    });
  });
}

describe('a run', () => {
  test('ends with its last chunk, not while one is waiting, running or not online yet', async ({
    store,
    project,
  }) => {
    const runId = await plannedRun(store, project, 2);
    const ended = async () => (await finishRuns(store, project)).length;
    const [first] = await dispatch(store, project, { slots: 1 });
    if (!first) throw new Error('Nothing dispatched.');
    await claim(store, first);
    await landOnly(store, { runId, attempt: first, counts: { done: 10 } });
    await completeChunk(store, first.chunkId, 0);
    expect(await ended(), 'the other one is pending').toBe(0);
    const [last] = await dispatch(store, project);
    if (!last) throw new Error('Nothing dispatched.');
    expect(await ended(), 'dispatched').toBe(0);
    await claim(store, last);
    expect(await ended(), 'running').toBe(0);
    await landOnly(store, { runId, attempt: last, counts: { done: 10 } });
    expect(await ended(), 'landed in history').toBe(0);
    await completeChunk(store, last.chunkId, 0);
    expect(await ended()).toBe(1);
    expect(await getRun(store, project, runId)).toMatchObject({ status: 'succeeded', rows: { done: 20 } });
  });

  test('of another project is not ended', async ({ store, project }) => {
    const other = `p${newId()}`;
    const runId = await plannedRun(store, other, 0);
    expect(await finishRuns(store, project)).toEqual([]);
    expect((await getRun(store, other, runId)).status).toBe('running');
  });

  test.for<readonly [Counts, string]>([
    [{ done: 10 }, 'succeeded'],
    [{ skipped: 10 }, 'succeeded'],
    [{ done: 9, failed: 1 }, 'partial'],
    [{ skipped: 9, failed: 1 }, 'partial'],
    [{ failed: 10 }, 'failed'],
  ])('of rows that ended as %j has %s', async ([counts, status], { store, project }) => {
    const runId = await plannedRun(store, project, 1);
    const [attempt] = await dispatch(store, project);
    if (!attempt) throw new Error('Nothing dispatched.');
    await claim(store, attempt);
    await landOnly(store, { runId, attempt, counts });
    await completeChunk(store, attempt.chunkId, 0);
    const { done = 0, failed = 0, skipped = 0 } = counts;
    expect(await finishRuns(store, project)).toMatchObject([
      { runId, status, rowsDone: done, rowsFailed: failed, rowsSkipped: skipped },
    ]);
    expect((await getRun(store, project, runId)).rows).toEqual({
      total: 10,
      done,
      failed,
      skippedUnchanged: skipped,
    });
  });

  test('whose failed chunk turned out to have no rows has not succeeded', async ({ store, project }) => {
    const { runId } = await createRun(store, newRun(project));
    const run = await claimRunToPlan(store, { project, views: [VIEW], leaseMs: LEASE_MS });
    if (!run) throw new Error('Nothing to plan.');
    await savePlan(store, run, [{ bounds: {}, rows: 0 }]);
    const [attempt] = await dispatch(store, project);
    if (!attempt) throw new Error('Nothing dispatched.');
    await claim(store, attempt);
    await failChunk(store, attempt, { ...BROKEN, retryable: false });
    expect(await finishRuns(store, project)).toMatchObject([{ runId, status: 'failed', rowsFailed: 0 }]);
  });

  test('its duration excludes pauses', async ({ store, project }) => {
    const runId = await plannedRun(store, project, 0);
    await sql`update larder.runs set started_at = now() - interval '1000 s', paused_ms = 600000
      where run_id = ${runId}`.execute(store.db);
    const [ended] = await finishRuns(store, project);
    expect(ended?.seconds).toBeGreaterThanOrEqual(400);
    expect(ended?.seconds).toBeLessThan(500);
  });
});
