import { sql } from 'kysely';
import { describe, expect } from 'vitest';
import { BROKEN, LEASE_MS, claim, dispatch, plannedRun, test } from '../../testing/runs.ts';
import { failChunk, finishRuns, getRun, giveBackChunk, heartbeatChunk, retryFailed } from '../index.ts';

describe('a claim', () => {
  test('of an attempt that was replaced by a newer one returns nothing, whatever waits now', async ({
    store,
    project,
  }) => {
    await plannedRun(store, project, 1);
    const [late] = await dispatch(store, project);
    if (!late) throw new Error('Nothing dispatched.');
    await giveBackChunk(store, late);
    const [newer] = await dispatch(store, project);
    if (!newer) throw new Error('Nothing dispatched.');
    expect(newer).toEqual({ chunkId: late.chunkId, attempt: late.attempt + 1 });
    expect(await claim(store, late)).toBeNull();
    expect(await claim(store, newer)).toMatchObject(newer);
  });

  test('returns what the run requested', async ({ store, project }) => {
    await plannedRun(store, project, 1, { force: true });
    await plannedRun(store, project, 1, { scope: { missing: true } });
    const attempts = await dispatch(store, project);
    const claims = await Promise.all(attempts.map((attempt) => claim(store, attempt)));
    expect(claims).toMatchObject([
      { force: true, onlyMissing: false },
      { force: false, onlyMissing: true },
    ]);
  });

  test('keeps the time at which the chunk was first started', async ({ store, project }) => {
    await plannedRun(store, project, 1);
    const [first] = await dispatch(store, project);
    if (!first) throw new Error('Nothing dispatched.');
    await claim(store, first);
    await sql`update larder.chunks set started_at = '2026-01-01' where chunk_id = ${first.chunkId}`.execute(
      store.db,
    );
    await giveBackChunk(store, first);
    const [second] = await dispatch(store, project);
    if (!second) throw new Error('Nothing dispatched.');
    await claim(store, second);
    const { rows } = await sql`
      select started_at = '2026-01-01' as kept from larder.chunks where chunk_id = ${first.chunkId}`.execute(
      store.db,
    );
    expect(rows).toEqual([{ kept: true }]);
  });

  test('resets the counts', async ({ store, project }) => {
    const runId = await plannedRun(store, project, 1);
    const [first] = await dispatch(store, project);
    if (!first) throw new Error('Nothing dispatched.');
    await claim(store, first);
    const progress = { done: 3, failed: 2, skipped: 1 };
    await heartbeatChunk(store, first, { leaseMs: LEASE_MS, progress });
    await failChunk(store, first, { ...BROKEN, retryable: false });
    await finishRuns(store, project);
    expect((await getRun(store, project, runId)).rows).toMatchObject({ done: 0, failed: 10 });
    await retryFailed(store, project, runId);
    const [second] = await dispatch(store, project);
    if (!second) throw new Error('Nothing dispatched.');
    await claim(store, second);
    expect((await getRun(store, project, runId)).rows).toEqual({
      total: 10,
      done: 0,
      failed: 0,
      skippedUnchanged: 0,
    });
  });
});
