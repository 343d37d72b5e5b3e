import { sql } from 'kysely';
import { describe, expect } from 'vitest';
import type { OfflineStore } from '@larder/offline-store';
import { badPicture, claim, dispatch, land, plannedRun, test } from '../../testing/runs.ts';
import { cancelRun, finishRuns, foldRuns, getRun, lockChunk, recordLanding } from '../index.ts';
import { lockRun } from '../lock-run.ts';

/** The content of the run's row, and which transaction wrote it last. */
async function rowOf(store: OfflineStore, runId: string) {
  const { rows } = await sql<{
    total: number | null;
    done: number | null;
    failed: number | null;
    writer: string;
  }>`
    select rows_total as total, rows_done as done, rows_failed as failed, xmin::text as writer
    from larder.runs where run_id = ${runId}`.execute(store.db);
  return rows[0];
}

const due = (store: OfflineStore, runId: string) =>
  sql`update larder.runs set recount_at = now() where run_id = ${runId}`.execute(store.db);

async function landOne(store: OfflineStore, project: string, runId: string, keys: string[] = []) {
  const [attempt] = await dispatch(store, project, { slots: 1 });
  if (!attempt) throw new Error('Nothing was dispatched.');
  await claim(store, attempt);
  await land(store, runId, attempt, keys.map(badPicture));
}

describe('foldRuns', () => {
  test('copies what chunks committed into the run; landing itself does not touch the run', async ({
    store,
    project,
  }) => {
    const runId = await plannedRun(store, project, 3);
    await foldRuns(store, project, [runId]);
    const before = await rowOf(store, runId);
    expect(before).toMatchObject({ total: 30, done: 0, failed: 0 });
    await landOne(store, project, runId, ['ad-1', 'ad-2']);
    expect(await rowOf(store, runId)).toEqual(before);

    await due(store, runId);
    const [folded] = await foldRuns(store, project, [runId]);
    expect(folded).toMatchObject({ runId, status: 'running', rows: { total: 30, done: 8, failed: 2 } });
    expect(await rowOf(store, runId)).toMatchObject({ total: 30, done: 8, failed: 2 });
  });

  test('by many processes at once counts once, and returns the same again', async ({ store, project }) => {
    const runId = await plannedRun(store, project, 2);
    await landOne(store, project, runId);
    const folds = () =>
      Promise.all(Array.from({ length: 8 }, () => foldRuns(store, project, [runId, runId])));
    await folds();
    const counted = await rowOf(store, runId);
    expect(counted).toMatchObject({ total: 20, done: 10, failed: 0 });
    // Not due again yet: readers use the row.
    for (const [folded] of await folds()) expect(folded?.rows.done).toBe(10);
    expect(await rowOf(store, runId)).toEqual(counted);
    await due(store, runId);
    await folds();
    expect(await rowOf(store, runId)).toMatchObject({ total: 20, done: 10, failed: 0 });
  });

  test('waits neither for a change of the run nor for a landing', async ({ store, project }) => {
    const runId = await plannedRun(store, project, 2);
    const [attempt] = await dispatch(store, project, { slots: 1 });
    if (!attempt) throw new Error('Nothing was dispatched.');
    await claim(store, attempt);
    await store.transaction(async (tx) => {
      await lockRun(tx, project, runId);
      const [seen] = await foldRuns(store, project, [runId]);
      expect(seen).toMatchObject({ runId, status: 'running' });
      expect(await rowOf(store, runId)).toMatchObject({ total: null });
    });
    await store.transaction(async (tx) => {
      await lockChunk(tx, attempt);
      const counts = { done: 9, failed: 1, skipped: 0, duplicate: 0 };
      const failures = [badPicture('ad-1')];
      await recordLanding(tx, { runId, chunkId: attempt.chunkId, counts, failures, leaseMs: 10_000 });
      await foldRuns(store, project, [runId]);
      expect(await rowOf(store, runId)).toMatchObject({ total: 20, done: 0, failed: 0 });
    });
    await due(store, runId);
    expect((await foldRuns(store, project, [runId]))[0]?.rows).toMatchObject({ done: 9, failed: 1 });
  });

  test('never touches a run that has ended, and returns only runs of the project', async ({
    store,
    project,
  }) => {
    const runId = await plannedRun(store, project, 1);
    await landOne(store, project, runId);
    await finishRuns(store, project);
    const ended = await rowOf(store, runId);
    expect(await foldRuns(store, project, [runId])).toMatchObject([
      { status: 'succeeded', rows: { done: 10, total: 10 } },
    ]);
    expect(await rowOf(store, runId)).toEqual(ended);
    expect(await foldRuns(store, 'another', [runId])).toEqual([]);
  });
});

test('a recently folded run is read without counting its chunks, and is exact once it has ended', async ({
  store,
  project,
}) => {
  const runId = await plannedRun(store, project, 2);
  await foldRuns(store, project, [runId]);
  await landOne(store, project, runId);
  await sql`update larder.runs set recount_at = now() + interval '1 hour' where run_id = ${runId}`.execute(
    store.db,
  );
  expect((await getRun(store, project, runId)).rows.done).toBe(0);
  await due(store, runId);
  expect((await getRun(store, project, runId)).rows.done).toBe(10);
  await cancelRun(store, project, runId);
  expect(await getRun(store, project, runId)).toMatchObject({ status: 'cancelled', rows: { done: 10 } });
});
