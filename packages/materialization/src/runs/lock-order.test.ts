import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import { describe, expect } from 'vitest';
import type { OfflineStore } from '@larder/offline-store';
import { BROKEN, LEASE_MS, badPicture, claim, dispatch, land, plannedRun, test } from '../testing/runs.ts';
import {
  cancelRun,
  failChunk,
  finishRuns,
  getRun,
  listFailures,
  lockChunk,
  pauseRun,
  recordLanding,
  resumeRun,
  retryFailed,
  type ChunkAttempt,
} from './index.ts';
import { lockRun } from './lock-run.ts';

/** Chunks of the run, all being computed. */
async function runningChunks(store: OfflineStore, project: string, runId: string): Promise<ChunkAttempt[]> {
  const attempts = await dispatch(store, project);
  for (const attempt of attempts) await claim(store, attempt);
  expect((await getRun(store, project, runId)).status).toBe('running');
  return attempts;
}

/** Resolves when a session waits for a lock that the session of `tx` holds. */
async function somebodyWaitsFor(store: OfflineStore, tx: Pick<OfflineStore, 'db'>): Promise<void> {
  const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx.db);
  await expect
    .poll(
      async () =>
        (
          await sql`select from pg_stat_activity where ${rows[0]?.pid} = any (pg_blocking_pids(pid))`.execute(
            store.db,
          )
        ).rows.length,
      { timeout: 60_000, interval: 10 },
    )
    .toBe(1);
}

describe('locks are taken in one order', () => {
  test('cancelling a run waits for a landing with failing rows', async ({ store, project }) => {
    const runId = await plannedRun(store, project, 2);
    const [landing] = await runningChunks(store, project, runId);
    if (!landing) throw new Error('Nothing dispatched.');
    let cancelling: Promise<void> | undefined;
    await store.transaction(async (tx) => {
      expect(await lockChunk(tx, landing)).toBe(true);
      cancelling = cancelRun(store, project, runId);
      await somebodyWaitsFor(store, tx);
      const counts = { done: 9, failed: 1, skipped: 0, duplicate: 0 };
      const failures = [badPicture('a')];
      await recordLanding(tx, { runId, chunkId: landing.chunkId, counts, failures, leaseMs: LEASE_MS });
    });
    await cancelling;
    expect(await getRun(store, project, runId)).toMatchObject({
      status: 'cancelled',
      rows: { done: 9, failed: 1 },
    });
  });

  test('a chunk can fail while its run is locked', async ({ store, project }) => {
    const runId = await plannedRun(store, project, 2);
    const [failing] = await runningChunks(store, project, runId);
    if (!failing) throw new Error('Nothing dispatched.');
    await store.transaction(async (tx) => {
      await lockRun(tx, project, runId);
      const failed = failChunk(store, failing, { ...BROKEN, retryable: false });
      expect(await Promise.race([failed, delay(5_000, 'waits', { ref: false })])).toMatchObject({
        state: 'failed',
      });
    });
  });

  test('a run with a rate is dispatched by the holder of its lock', async ({ store, project }) => {
    const limited = await plannedRun(store, project, 2, { maxRowsPerSecond: 1_000 });
    const free = await plannedRun(store, project, 1);
    await store.transaction(async (tx) => {
      await lockRun(tx, project, limited);
      const [attempt, ...others] = await Promise.race([
        dispatch(store, project),
        delay(5_000, [], { ref: false }),
      ]);
      expect(others).toEqual([]);
      if (!attempt) throw new Error('Dispatching waits.');
      expect(await claim(store, attempt)).toMatchObject({ runId: free });
    });
    expect(await dispatch(store, project)).toHaveLength(1);
  });

  test('two dispatchers together respect the rate of a run', async ({ store, project }) => {
    await plannedRun(store, project, 20, { maxRowsPerSecond: 0.1 });
    const dispatched = await Promise.all(
      Array.from({ length: 8 }, (_, at) => dispatch(store, project, { dispatcher: `${project}-${at}` })),
    );
    expect(dispatched.flat()).toHaveLength(1);
  });
});

test('cancel, pause, resume and retry-failed race landings with failing rows and lose nothing', async ({
  store,
  project,
}) => {
  const conflicts = (error: unknown): void => {
    if ((error as { code?: string }).code !== 'RUN_STATE_CONFLICT') throw error;
  };
  for (let round = 0; round < 6; round++) {
    const cancelled = round % 3 === 2;
    const runId = await plannedRun(store, project, 12, round % 2 === 0 ? {} : { maxRowsPerSecond: 1e9 });
    const stop = new AbortController();
    const worker = async (name: string): Promise<void> => {
      while (!stop.signal.aborted) {
        for (const attempt of await dispatch(store, project, {
          dispatcher: `${project}-${name}`,
          slots: 2,
        })) {
          if (!(await claim(store, attempt))) continue;
          if (attempt.attempt === 1 && attempt.chunkId % 4 === 0)
            await failChunk(store, attempt, { ...BROKEN, retryable: attempt.chunkId % 8 === 0 });
          else
            await land(store, runId, attempt, [
              badPicture(`a${attempt.chunkId}`),
              badPicture(`b${attempt.chunkId}`),
            ]);
        }
        await finishRuns(store, project);
      }
    };
    const person = async (): Promise<void> => {
      for (let i = 0; i < 15; i++) {
        await pauseRun(store, project, runId).catch(conflicts);
        await resumeRun(store, project, runId).catch(conflicts);
        await retryFailed(store, project, runId).catch(conflicts);
      }
      if (cancelled) await cancelRun(store, project, runId).catch(conflicts);
    };
    const people = async (): Promise<void> => {
      await Promise.all([person(), person()]);
      const ended = async () => (await getRun(store, project, runId)).finishedAt !== null;
      await expect.poll(ended, { timeout: 60_000, interval: 10 }).toBe(true);
    };
    await Promise.all([...['a', 'b', 'c'].map(worker), people().finally(() => stop.abort())]);
    // A chunk that failed as a whole counts for all its rows.
    const { rows } = await sql<{ open: number; failed: number; listed: number }>`
      select count(*) filter (where state not in ('done', 'failed', 'cancelled')) as open, sum(rows_failed)::int as failed,
        sum(case state when 'failed' then rows_total
          else (select count(*) from larder.row_failures f where f.chunk_id = c.chunk_id and f.keys is not null) end)::int as listed
      from larder.chunks c where run_id = ${runId}`.execute(store.db);
    const [sums] = rows;
    expect(sums?.open).toBe(0);
    expect(sums?.listed).toBe(sums?.failed);
    if (!cancelled) {
      const run = await getRun(store, project, runId);
      expect(run.rows.done + run.rows.failed).toBe(run.rows.total);
      expect((await listFailures(store, project, runId)).failures.length).toBeGreaterThan(0);
    }
  }
});
