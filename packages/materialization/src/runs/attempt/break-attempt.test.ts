import { sql } from 'kysely';
import { describe, expect } from 'vitest';
import type { OfflineStore } from '@larder/offline-store';
import {
  BROKEN,
  LEASE_MS,
  badPicture,
  claim,
  dispatch,
  expire,
  land,
  plannedRun,
  test,
} from '../../testing/runs.ts';
import {
  expireLeases,
  failChunk,
  finishRuns,
  getRun,
  heartbeatChunk,
  listFailures,
  listRetriedRows,
  retryFailed,
  type ChunkAttempt,
} from '../index.ts';

async function claimNext(store: OfflineStore, project: string): Promise<ChunkAttempt> {
  const [attempt] = await dispatch(store, project);
  if (!attempt) throw new Error('Nothing dispatched.');
  await claim(store, attempt);
  return attempt;
}

/** Seconds until the chunk may be dispatched again. */
async function waitSeconds(store: OfflineStore, chunkId: number): Promise<number> {
  const { rows } = await sql<{ wait: number }>`
    select extract(epoch from not_before - now())::float8 as wait from larder.chunks where chunk_id = ${chunkId}`.execute(
    store.db,
  );
  return rows[0]?.wait ?? Number.NaN;
}

describe('a failed attempt', () => {
  test('no longer shows progress', async ({ store, project }) => {
    const runId = await plannedRun(store, project, 1);
    const attempt = await claimNext(store, project);
    const progress = { done: 3, failed: 2, skipped: 1 };
    await heartbeatChunk(store, attempt, { leaseMs: LEASE_MS, progress });
    expect((await getRun(store, project, runId)).rows).toMatchObject({ done: 3, failed: 2 });
    await failChunk(store, attempt, BROKEN);
    expect((await getRun(store, project, runId)).rows).toEqual({
      total: 10,
      done: 0,
      failed: 0,
      skippedUnchanged: 0,
    });
  });

  test('is listed once, with the number of failures', async ({ store, project }) => {
    const runId = await plannedRun(store, project, 1);
    for (const attempts of [1, 2, 3]) {
      await failChunk(store, await claimNext(store, project), { ...BROKEN, reason: `away ${attempts}` });
      expect((await listFailures(store, project, runId)).failures).toMatchObject([
        { key: null, attempts, reason: `Chunk 0 (10 rows): away ${attempts}` },
      ]);
    }
  });

  test('at retried rows does not forget which rows they are', async ({ store, project }) => {
    const runId = await plannedRun(store, project, 1);
    await land(store, runId, await claimNext(store, project), [badPicture('a')]);
    await finishRuns(store, project);
    await retryFailed(store, project, runId);
    const again = await claimNext(store, project);
    await failChunk(store, again, BROKEN);
    expect(await listRetriedRows(store, again.chunkId)).toMatchObject([{ entityKey: 'a' }]);
  });

  test('waits twice as long each time, up to a minute', async ({ store, project }) => {
    await plannedRun(store, project, 1);
    for (const atMost of [25, 50, 60, 60]) {
      const attempt = await claimNext(store, project);
      await failChunk(store, attempt, { ...BROKEN, backoffMs: 25_000 });
      const wait = await waitSeconds(store, attempt.chunkId);
      expect(wait).toBeGreaterThan(atMost - 10);
      expect(wait).toBeLessThanOrEqual(atMost);
      await sql`update larder.chunks set not_before = now() where chunk_id = ${attempt.chunkId}`.execute(
        store.db,
      );
    }
  });

  test('that is not retryable fails its chunk, which has ended and is not dispatched again', async ({
    store,
    project,
  }) => {
    const runId = await plannedRun(store, project, 1);
    const attempt = await claimNext(store, project);
    await heartbeatChunk(store, attempt, { leaseMs: LEASE_MS, progress: { done: 3, failed: 2, skipped: 1 } });
    expect(await failChunk(store, attempt, { ...BROKEN, retryable: false })).toMatchObject({
      state: 'failed',
    });
    expect((await getRun(store, project, runId)).rows).toMatchObject({ done: 0, failed: 10 });
    expect(await dispatch(store, project)).toEqual([]);
    const { rows } = await sql`
      select finished_at is not null as ended from larder.chunks where chunk_id = ${attempt.chunkId}`.execute(
      store.db,
    );
    expect(rows).toEqual([{ ended: true }]);
  });

  test('is neither a waiting attempt nor one with a valid lease', async ({ store, project }) => {
    await plannedRun(store, project, 2);
    const [waiting, computing] = await dispatch(store, project);
    if (!waiting || !computing) throw new Error('Nothing dispatched.');
    await expire(store, waiting.chunkId);
    await claim(store, computing);
    expect(await expireLeases(store, { project, backoffMs: 0 })).toEqual([]);
    expect(await failChunk(store, waiting, BROKEN)).toBeNull();
    expect(await failChunk(store, { ...computing, attempt: computing.attempt + 1 }, BROKEN)).toBeNull();
  });
});
