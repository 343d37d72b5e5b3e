import { newId } from '@larder/core';
import { describe, expect } from 'vitest';
import { LEASE_MS, VIEW, claim, dispatch, land, newRun, plannedRun, test } from '../../testing/runs.ts';
import {
  cancelRun,
  claimRunToPlan,
  createRun,
  finishRuns,
  getRun,
  heartbeatChunk,
  listFailures,
  listRuns,
  pauseRun,
  resumeRun,
  retryFailed,
  savePlan,
} from '../index.ts';

describe('a run', () => {
  test('goes from queued to succeeded', async ({ store, project }) => {
    const { runId, status } = await createRun(store, newRun(project));
    expect(status).toBe('queued');
    expect(await getRun(store, project, runId)).toMatchObject({
      status: 'queued',
      rows: { total: null, done: 0 },
      startedAt: null,
    });
    const run = await claimRunToPlan(store, { project, views: [VIEW], leaseMs: LEASE_MS });
    expect(await claimRunToPlan(store, { project, views: [VIEW], leaseMs: LEASE_MS })).toBeNull();
    if (!run) throw new Error('Nothing to plan.');
    expect(await savePlan(store, run, [{ bounds: { a: 1 }, rows: 10 }])).toBe(true);
    const [attempt] = await dispatch(store, project);
    if (!attempt) throw new Error('Nothing dispatched.');
    const chunk = await claim(store, attempt);
    expect(chunk).toMatchObject({
      ...attempt,
      runId,
      ...VIEW,
      bounds: { a: 1 },
      force: false,
      retryOf: null,
    });
    expect(
      await heartbeatChunk(store, attempt, {
        leaseMs: LEASE_MS,
        progress: { done: 4, failed: 1, skipped: 0 },
      }),
    ).toBe(true);
    const moving = await getRun(store, project, runId);
    expect(moving).toMatchObject({ status: 'running', rows: { total: 10, done: 4, failed: 1 } });
    expect(moving.etaSeconds).toBeGreaterThan(0);
    expect(await land(store, runId, attempt)).toBe(true);
    expect(await finishRuns(store, project)).toEqual([
      {
        runId,
        view: 'ad_image',
        version: 1,
        status: 'succeeded',
        rowsDone: 10,
        rowsFailed: 0,
        rowsSkipped: 0,
        seconds: expect.any(Number),
      },
    ]);
    expect(await finishRuns(store, project)).toEqual([]);
    const ended = await getRun(store, project, runId);
    expect(ended).toMatchObject({
      status: 'succeeded',
      rows: { total: 10, done: 10, failed: 0, skippedUnchanged: 0 },
      etaSeconds: null,
    });
    expect(ended.rowsPerSecond).toBeGreaterThan(0);
  });

  test('without rows succeeds', async ({ store, project }) => {
    const runId = await plannedRun(store, project, 0);
    expect(await finishRuns(store, project)).toMatchObject([{ runId, status: 'succeeded', rowsDone: 0 }]);
  });

  test('is created once per idempotency key', async ({ store, project }) => {
    const first = await createRun(store, newRun(project, { idempotencyKey: 'k' }));
    expect((await createRun(store, newRun(project, { idempotencyKey: 'k' }))).runId).toBe(first.runId);
    await expect(
      createRun(store, newRun(project, { idempotencyKey: 'k', requestSha256: 'b' })),
    ).rejects.toMatchObject({
      code: 'IDEMPOTENCY_KEY_REUSED',
    });
    expect((await createRun(store, newRun(`${project}b`, { idempotencyKey: 'k' }))).runId).not.toBe(
      first.runId,
    );
  });

  test('is listed newest first, in pages', async ({ store, project }) => {
    const ids: string[] = [];
    for (let i = 0; i < 3; i++)
      ids.unshift((await createRun(store, newRun(project, { view: i === 1 ? 'other' : 'ad_image' }))).runId);
    const first = await listRuns(store, project, { limit: 2 });
    const second = await listRuns(store, project, { limit: 2, cursor: first.cursor ?? '' });
    expect([...first.runs, ...second.runs].map((run) => run.runId)).toEqual(ids);
    expect(second.cursor).toBeNull();
    expect((await listRuns(store, project, { view: 'other', status: 'queued' })).runs).toHaveLength(1);
    await expect(listRuns(store, project, { cursor: 'nonsense' })).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
    });
  });

  test('that does not exist is reported as RUN_NOT_FOUND', async ({ store, project }) => {
    for (const verb of [pauseRun, resumeRun, cancelRun, retryFailed])
      for (const runId of [newId(), "x' or true"])
        await expect(verb(store, project, runId)).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
    await expect(listFailures(store, project, 'x')).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
  });
});

describe('pause, resume, cancel', () => {
  test('pause dispatches nothing more and takes back waiting chunks', async ({ store, project }) => {
    const runId = await plannedRun(store, project, 3);
    const [waiting, computing] = await dispatch(store, project, { slots: 2 });
    if (!waiting || !computing) throw new Error('Nothing dispatched.');
    await claim(store, computing);
    await pauseRun(store, project, runId);
    await pauseRun(store, project, runId);
    expect(await claim(store, waiting)).toBeNull();
    expect(await dispatch(store, project)).toEqual([]);
    expect(await land(store, runId, computing)).toBe(true);
    await resumeRun(store, project, runId);
    await resumeRun(store, project, runId);
    const rest = await dispatch(store, project);
    expect(rest).toContainEqual({ chunkId: waiting.chunkId, attempt: waiting.attempt + 1 });
    for (const attempt of rest) {
      await claim(store, attempt);
      await land(store, runId, attempt);
    }
    await finishRuns(store, project);
    expect(await getRun(store, project, runId)).toMatchObject({ status: 'succeeded', rows: { done: 30 } });
    await expect(pauseRun(store, project, runId)).rejects.toMatchObject({ code: 'RUN_STATE_CONFLICT' });
    await expect(resumeRun(store, project, runId)).rejects.toMatchObject({ code: 'RUN_STATE_CONFLICT' });
    await expect(cancelRun(store, project, runId)).rejects.toMatchObject({ code: 'RUN_STATE_CONFLICT' });
  });

  test('a pause is never negative for a transaction that began before it and had to wait', async ({
    store,
    project,
  }) => {
    const runId = await plannedRun(store, project, 1);
    const transaction: typeof store.transaction = (work) =>
      store.transaction(async (tx) => {
        await tx.client.query('select now()');
        await pauseRun(store, project, runId);
        return work(tx);
      });
    await resumeRun({ ...store, transaction }, project, runId);
    const { rows } = await store.pool.query('select status, paused_ms from larder.runs where run_id = $1', [
      runId,
    ]);
    expect(rows).toEqual([{ status: 'running', paused_ms: 0 }]);
  });

  test('pause during planning keeps the plan', async ({ store, project }) => {
    const { runId } = await createRun(store, newRun(project));
    const run = await claimRunToPlan(store, { project, views: [VIEW], leaseMs: LEASE_MS });
    await pauseRun(store, project, runId);
    if (!run) throw new Error('Nothing to plan.');
    expect(await savePlan(store, run, [{ bounds: {}, rows: 10 }])).toBe(true);
    expect(await getRun(store, project, runId)).toMatchObject({ status: 'paused', rows: { total: 10 } });
    await resumeRun(store, project, runId);
    expect(await dispatch(store, project)).toHaveLength(1);
  });

  test('cancel revokes running chunks and keeps landed ones', async ({ store, project }) => {
    const runId = await plannedRun(store, project, 3);
    const [landed, running] = await dispatch(store, project, { slots: 2 });
    if (!landed || !running) throw new Error('Nothing dispatched.');
    await claim(store, landed);
    await land(store, runId, landed);
    await claim(store, running);
    await cancelRun(store, project, runId);
    await cancelRun(store, project, runId);
    expect(await land(store, runId, running)).toBe(false);
    expect(await dispatch(store, project)).toEqual([]);
    expect(await getRun(store, project, runId)).toMatchObject({
      status: 'cancelled',
      rows: { total: 30, done: 10 },
    });
    await expect(retryFailed(store, project, runId)).rejects.toMatchObject({ code: 'RUN_STATE_CONFLICT' });
  });

  test('cancel during planning discards the plan', async ({ store, project }) => {
    const { runId } = await createRun(store, newRun(project));
    const run = await claimRunToPlan(store, { project, views: [VIEW], leaseMs: LEASE_MS });
    await cancelRun(store, project, runId);
    if (!run) throw new Error('Nothing to plan.');
    expect(await savePlan(store, run, [{ bounds: {}, rows: 10 }])).toBe(false);
    expect((await getRun(store, project, runId)).status).toBe('cancelled');
  });
});
