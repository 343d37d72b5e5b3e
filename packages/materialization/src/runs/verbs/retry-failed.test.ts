import { describe, expect } from 'vitest';
import { LEASE_MS, badPicture, claim, dispatch, land, plannedRun, test } from '../../testing/runs.ts';
import {
  completeChunk,
  finishRuns,
  getRun,
  listFailures,
  listRetriedRows,
  lockChunk,
  recordLanding,
  retryFailed,
} from '../index.ts';

describe('failed rows', () => {
  test('are listed in pages and retried alone, counting their attempts', async ({ store, project }) => {
    const runId = await plannedRun(store, project, 2);
    const failures = [badPicture('a'), badPicture('b'), { ...badPicture('c'), entityKey: null, keys: null }];
    for (const attempt of await dispatch(store, project)) {
      await claim(store, attempt);
      await land(store, runId, attempt, attempt.chunkId % 2 === 0 ? failures : []);
    }
    await finishRuns(store, project);
    expect(await getRun(store, project, runId)).toMatchObject({
      status: 'partial',
      rows: { total: 20, done: 17, failed: 3 },
    });
    const first = await listFailures(store, project, runId, { limit: 2 });
    const second = await listFailures(store, project, runId, { limit: 2, cursor: first.cursor ?? '' });
    expect([...first.failures, ...second.failures].map((failure) => failure.key)).toEqual(['a', 'b', null]);

    await retryFailed(store, project, runId);
    await expect(retryFailed(store, project, runId)).rejects.toMatchObject({
      code: 'RUN_STATE_CONFLICT',
      message: expect.stringContaining(
        'is running; it cannot be retried. A run can be retried while it is partial or failed.',
      ),
    });
    expect(await getRun(store, project, runId)).toMatchObject({
      status: 'running',
      rows: { total: 20, done: 17, failed: 1 },
    });
    const [attempt, ...others] = await dispatch(store, project);
    expect(others).toEqual([]);
    if (!attempt) throw new Error('Nothing dispatched.');
    expect(await claim(store, attempt)).toMatchObject({ bounds: { kind: 'keys', keys: [['a'], ['b']] } });
    expect(await listRetriedRows(store, attempt.chunkId)).toEqual([
      { entityKey: 'a', eventTimestampMs: 1_700_000_000_123 },
      { entityKey: 'b', eventTimestampMs: 1_700_000_000_123 },
    ]);
    await store.transaction(async (tx) => {
      await lockChunk(tx, attempt);
      const counts = { done: 1, failed: 1, skipped: 0, duplicate: 0 };
      await recordLanding(tx, {
        runId,
        chunkId: attempt.chunkId,
        counts,
        failures: [badPicture('b')],
        leaseMs: LEASE_MS,
      });
    });
    await completeChunk(store, attempt.chunkId, 0);
    await finishRuns(store, project);
    expect(await getRun(store, project, runId)).toMatchObject({
      status: 'partial',
      rows: { total: 20, done: 18, failed: 2 },
    });
    expect(
      (await listFailures(store, project, runId)).failures.map(({ key, attempts }) => [key, attempts]),
    ).toEqual([
      [null, 1],
      ['b', 2],
    ]);
  });

  test('may have any reason text: characters that PostgreSQL cannot store are replaced, and the chunk lands', async ({
    store,
    project,
  }) => {
    const runId = await plannedRun(store, project, 1);
    const [attempt] = await dispatch(store, project);
    if (!attempt) throw new Error('Nothing dispatched.');
    await claim(store, attempt);
    const reason = 'cut off at \0, \ud800';
    expect(await land(store, runId, attempt, [{ ...badPicture('a'), reason, code: 'ODD\0' }])).toBe(true);
    expect((await listFailures(store, project, runId)).failures).toMatchObject([
      { key: 'a', code: 'ODD\ufffd', reason: 'cut off at \ufffd, \ufffd' },
    ]);
  });
});
