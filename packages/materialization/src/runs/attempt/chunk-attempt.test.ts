import { describe, expect } from 'vitest';
import {
  BROKEN,
  LEASE_MS,
  VIEW,
  claim,
  dispatch,
  expire,
  land,
  plannedRun,
  test,
} from '../../testing/runs.ts';
import {
  claimLandedChunks,
  claimStaleDispatches,
  expireLeases,
  failChunk,
  finishRuns,
  getRun,
  giveBackChunk,
  heartbeatChunk,
  listFailures,
  lockChunk,
  recordLanding,
  retryFailed,
} from '../index.ts';

describe('an attempt', () => {
  test('is claimed once, however often it is delivered', async ({ store, project }) => {
    await plannedRun(store, project, 1);
    const [attempt] = await dispatch(store, project);
    if (!attempt) throw new Error('Nothing dispatched.');
    const claims = await Promise.all([claim(store, attempt), claim(store, attempt), claim(store, attempt)]);
    expect(claims.filter(Boolean)).toHaveLength(1);
  });

  test('that lost its lease cannot land, report progress or fail the newer one', async ({
    store,
    project,
  }) => {
    const runId = await plannedRun(store, project, 1);
    const [late] = await dispatch(store, project);
    if (!late) throw new Error('Nothing dispatched.');
    await claim(store, late);
    await expire(store, late.chunkId);
    expect(await expireLeases(store, { project, backoffMs: 0 })).toMatchObject([
      { chunkId: late.chunkId, state: 'pending' },
    ]);
    expect(await land(store, runId, late)).toBe(false);
    const [newer] = await dispatch(store, project);
    expect(newer).toEqual({ chunkId: late.chunkId, attempt: late.attempt + 1 });
    if (!newer) throw new Error('Nothing dispatched.');
    await claim(store, newer);
    expect(await land(store, runId, late)).toBe(false);
    expect(
      await heartbeatChunk(store, late, { leaseMs: LEASE_MS, progress: { done: 9, failed: 0, skipped: 0 } }),
    ).toBe(false);
    expect(await failChunk(store, late, BROKEN)).toBeNull();
    expect(await giveBackChunk(store, late)).toBe(false);
    expect(await land(store, runId, newer)).toBe(true);
  });

  test('fails five times, then the chunk fails with its reason', async ({ store, project }) => {
    const runId = await plannedRun(store, project, 1);
    for (let i = 1; i <= 5; i++) {
      const [attempt] = await dispatch(store, project);
      if (!attempt) throw new Error('Nothing dispatched.');
      await claim(store, attempt);
      expect(await failChunk(store, attempt, BROKEN)).toMatchObject({ state: i < 5 ? 'pending' : 'failed' });
    }
    await finishRuns(store, project);
    expect(await getRun(store, project, runId)).toMatchObject({
      status: 'failed',
      rows: { total: 10, failed: 10 },
    });
    expect((await listFailures(store, project, runId)).failures).toMatchObject([
      { key: null, code: 'SOURCE_UNAVAILABLE', attempts: 5, reason: 'Chunk 0 (10 rows): away' },
    ]);
    await retryFailed(store, project, runId);
    const [again] = await dispatch(store, project);
    expect(again?.attempt).toBe(6);
    expect((await listFailures(store, project, runId)).failures).toEqual([]);
  });

  test('waits longer after each failure, and not at all when it was released', async ({ store, project }) => {
    await plannedRun(store, project, 1);
    const [attempt] = await dispatch(store, project);
    if (!attempt) throw new Error('Nothing dispatched.');
    await claim(store, attempt);
    expect(await giveBackChunk(store, attempt)).toBe(true);
    const [second] = await dispatch(store, project);
    if (!second) throw new Error('Nothing dispatched.');
    await claim(store, second);
    await failChunk(store, second, { ...BROKEN, backoffMs: 60_000 });
    expect(await dispatch(store, project)).toEqual([]);
  });

  test('that nobody claimed is found again, by one watchdog', async ({ store, project }) => {
    await plannedRun(store, project, 1);
    const [attempt] = await dispatch(store, project);
    if (!attempt) throw new Error('Nothing dispatched.');
    await expire(store, attempt.chunkId);
    const options = { project, olderThanMs: 60_000, limit: 10 };
    const found = await Promise.all([
      claimStaleDispatches(store, options),
      claimStaleDispatches(store, options),
    ]);
    expect(found.flat()).toEqual([attempt]);
  });

  test('that landed in history only is held by one watchdog at a time', async ({ store, project }) => {
    const runId = await plannedRun(store, project, 1);
    const [attempt] = await dispatch(store, project);
    if (!attempt) throw new Error('Nothing dispatched.');
    await claim(store, attempt);
    await store.transaction(async (tx) => {
      await lockChunk(tx, attempt);
      const counts = { done: 10, failed: 0, skipped: 0, duplicate: 0 };
      await recordLanding(tx, { runId, chunkId: attempt.chunkId, counts, failures: [], leaseMs: LEASE_MS });
    });
    const options = { project, views: [VIEW], leaseMs: LEASE_MS, limit: 10 };
    expect(await claimLandedChunks(store, options)).toEqual([]);
    await expire(store, attempt.chunkId);
    expect(await expireLeases(store, { project, backoffMs: 0 })).toEqual([]);
    const held = await Promise.all([claimLandedChunks(store, options), claimLandedChunks(store, options)]);
    expect(held.flat()).toEqual([{ chunkId: attempt.chunkId, runId, ...VIEW }]);
  });

  test('may fail with text that PostgreSQL cannot store', async ({ store, project }) => {
    const runId = await plannedRun(store, project, 1);
    const [attempt] = await dispatch(store, project);
    if (!attempt) throw new Error('Nothing dispatched.');
    await claim(store, attempt);
    await failChunk(store, attempt, { ...BROKEN, reason: 'a\0b', retryable: false });
    expect((await listFailures(store, project, runId)).failures).toMatchObject([
      { reason: 'Chunk 0 (10 rows): a\ufffdb' },
    ]);
  });
});
