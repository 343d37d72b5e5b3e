import type { OfflineStore } from '@larder/offline-store';
import { describe, expect } from 'vitest';
import { badPicture, claim, dispatch, land, newRun, plannedRun, test } from '../../testing/runs.ts';
import { createRun, finishRuns, getRun, retryFailed, type ChunkAttempt, type NewRun } from '../index.ts';
import { forgetEndedRuns } from './forget-ended-runs.ts';

const DAY_MS = 86_400_000;
const MONTH = { runsMs: 30 * DAY_MS, pushesMs: DAY_MS };

async function endedRun(
  store: OfflineStore,
  project: string,
  daysAgo: number,
  overrides: Partial<NewRun> = {},
) {
  const runId = await plannedRun(store, project, 2, overrides);
  for (const attempt of await dispatch(store, project, { urgent: overrides.trigger === 'push' })) {
    await claim(store, attempt);
    await land(store, runId, attempt, [badPicture(`a${attempt.chunkId}`)]);
  }
  await finishRuns(store, project);
  await store.pool.query(
    `update larder.runs set finished_at = now() - $2 * interval '1 day' where run_id = $1`,
    [runId, daysAgo],
  );
  return runId;
}

const left = async (store: OfflineStore, project: string) => {
  const { rows } = await store.pool.query(
    `select (select count(*) from larder.runs r where r.project = $1) as runs,
       (select count(*) from larder.chunks join larder.runs r using (run_id) where r.project = $1) as chunks,
       (select count(*) from larder.row_failures join larder.runs r using (run_id) where r.project = $1) as failures`,
    [project],
  );
  return rows[0] as unknown;
};

describe('a run that ended before the retention', () => {
  test('is deleted with its chunks and failures; younger and open ones stay', async ({ store, project }) => {
    const old = await endedRun(store, project, 31);
    const young = await endedRun(store, project, 29);
    await createRun(store, newRun(project));
    expect(await forgetEndedRuns(store, project, MONTH)).toEqual({ runs: 1, failures: 2 });
    expect(await forgetEndedRuns(store, project, MONTH)).toEqual({ runs: 0, failures: 0 });
    await expect(getRun(store, project, old)).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
    expect((await getRun(store, project, young)).status).toBe('partial');
    expect(await left(store, project)).toEqual({ runs: 2, chunks: 2, failures: 2 });
  });

  test('is kept forever if configured, and pushes have their own retention', async ({ store, project }) => {
    await endedRun(store, project, 400);
    const pushed = await endedRun(store, project, 2, { trigger: 'push' });
    const forever = { runsMs: 'forever', pushesMs: 'forever' } as const;
    expect(await forgetEndedRuns(store, project, forever)).toEqual({ runs: 0, failures: 0 });
    expect(await forgetEndedRuns(store, project, { ...MONTH, runsMs: 'forever' })).toEqual({
      runs: 1,
      failures: 2,
    });
    await expect(getRun(store, project, pushed)).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
    expect(await left(store, project)).toMatchObject({ runs: 1 });
  });

  test('leaves the time when its rows were online, for training sets as served', async ({
    store,
    project,
  }) => {
    const runId = await plannedRun(store, project, 2);
    const [some, none] = await dispatch(store, project);
    for (const [attempt, failed] of [
      [some, 1],
      [none, 10],
    ] as const) {
      await claim(store, attempt as ChunkAttempt);
      const failures = Array.from({ length: failed }, (_, i) => badPicture(`k${i}`));
      await land(store, runId, attempt as ChunkAttempt, failures);
    }
    await finishRuns(store, project);
    await store.pool.query(
      `update larder.runs set finished_at = now() - interval '31 days' where run_id = $1`,
      [runId],
    );
    const times = async (from: string) =>
      (
        await store.pool.query(`select * from larder.${from} where chunk_id = any ($1)`, [
          [some?.chunkId, none?.chunkId],
        ])
      ).rows as unknown[];
    const before = await times('chunk_online_times');
    await forgetEndedRuns(store, project, MONTH);
    expect(await left(store, project)).toMatchObject({ chunks: 0 });
    const ofRows = [{ chunk_id: some?.chunkId, online_at: expect.any(Date) }];
    expect(await times('kept_online_times')).toEqual(ofRows);
    expect(before).toEqual(expect.arrayContaining(await times('chunk_online_times')));
  });

  test('frees its idempotency key', async ({ store, project }) => {
    const keyed = await endedRun(store, project, 31, { idempotencyKey: 'nightly' });
    expect((await createRun(store, newRun(project, { idempotencyKey: 'nightly' }))).runId).toBe(keyed);
    await forgetEndedRuns(store, project, MONTH);
    expect((await createRun(store, newRun(project, { idempotencyKey: 'nightly' }))).runId).not.toBe(keyed);
  });

  test('stays while it is locked, or when it is retried meanwhile', async ({ store, project }) => {
    const held = await endedRun(store, project, 31);
    await store.transaction(async (tx) => {
      await tx.client.query('select from larder.runs where run_id = $1 for no key update', [held]);
      expect(await forgetEndedRuns(store, project, MONTH)).toEqual({ runs: 0, failures: 0 });
    });
    await retryFailed(store, project, held);
    expect(await forgetEndedRuns(store, project, MONTH)).toEqual({ runs: 0, failures: 0 });
    expect((await getRun(store, project, held)).status).toBe('running');
  });

  test('is deleted in small steps, its failures first, by two processes at once', async ({
    store,
    project,
  }) => {
    const runId = await endedRun(store, project, 31);
    await endedRun(store, project, 31);
    await store.pool.query(
      `insert into larder.row_failures (run_id, chunk_id, code, reason, retryable)
       select run_id, chunk_id, 'PICTURE_UNREADABLE', 'cut off', false from larder.chunks, generate_series(1, 6000)
       where run_id = $1 and ordinal = 0`,
      [runId],
    );
    const first = await forgetEndedRuns(store, project, MONTH);
    expect(first).toEqual({ runs: 0, failures: 5_000 });
    expect(await left(store, project)).toMatchObject({ runs: 2, chunks: 4 });
    const both = await Promise.all([1, 2].map(() => forgetEndedRuns(store, project, MONTH)));
    expect(both.reduce((sum, { runs }) => sum + runs, 0)).toBe(2);
    expect(await left(store, project)).toEqual({ runs: 0, chunks: 0, failures: 0 });
  });
});
