import { sql } from 'kysely';
import { describe, expect } from 'vitest';
import { VIEW, claim, dispatch, expire, land, plannedRun, test } from '../../testing/runs.ts';
import { dispatchChunks, expireLeases, type ChunkAttempt } from '../index.ts';

describe('dispatching', () => {
  test('keeps at most its slots waiting and orders by priority, then age', async ({ store, project }) => {
    const later = await plannedRun(store, project, 3, { priority: 10 });
    const urgent = await plannedRun(store, project, 2, { priority: 90 });
    const first = await dispatch(store, project, { slots: 3 });
    expect(await dispatch(store, project, { slots: 3 })).toEqual([]);
    const runs = await Promise.all(first.map((attempt) => claim(store, attempt)));
    expect(runs.map((chunk) => chunk?.runId)).toEqual([urgent, urgent, later]);
    expect(await dispatch(store, project, { slots: 3 })).toHaveLength(2);
  });

  test('by two processes at once dispatches no attempt twice', async ({ store, project }) => {
    await plannedRun(store, project, 200);
    const taken: ChunkAttempt[] = [];
    const loop = async (dispatcher: string) => {
      for (let i = 0; i < 12; i++) {
        const got = await dispatch(store, project, { dispatcher: `${project}-${dispatcher}`, slots: 10 });
        taken.push(...got);
        await Promise.all(got.map((attempt) => claim(store, attempt)));
      }
    };
    await Promise.all([loop('a'), loop('b'), loop('c')]);
    const names = taken.map(({ chunkId, attempt }) => `${chunkId}-${attempt}`);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toHaveLength(200);
  });

  test('leaves other fingerprints to others', async ({ store, project }) => {
    await plannedRun(store, project, 1);
    expect(
      await dispatchChunks(store, {
        project,
        views: [{ ...VIEW, fingerprint: 'f2' }],
        dispatcher: 'x',
        slots: 5,
      }),
    ).toEqual([]);
    expect(await dispatchChunks(store, { project, views: [], dispatcher: 'x', slots: 5 })).toEqual([]);
  });

  test.for([1e-300, Number.MAX_VALUE])(
    'continues for all runs when one has %d rows per second',
    async (maxRowsPerSecond, { store, project }) => {
      await plannedRun(store, project, 2, { maxRowsPerSecond });
      await plannedRun(store, project, 2);
      expect(await dispatch(store, project)).toHaveLength(3);
    },
  );

  test('dispatches chunks that lost two workers one after the other', async ({ store, project }) => {
    const runId = await plannedRun(store, project, 4);
    for (let loss = 0; loss < 2; loss++) {
      const [first, second] = await dispatch(store, project, { slots: 2 });
      if (!first || !second) throw new Error('Nothing dispatched.');
      for (const attempt of [first, second]) {
        await claim(store, attempt);
        await expire(store, attempt.chunkId);
      }
      expect(await expireLeases(store, { project, backoffMs: 0 })).toHaveLength(2);
    }
    const together = await dispatch(store, project);
    expect(together).toHaveLength(3);
    for (const attempt of together) await claim(store, attempt);
    expect(await dispatch(store, project)).toEqual([]);
    for (const attempt of together) await land(store, runId, attempt);
    expect(await dispatch(store, project)).toHaveLength(1);
  });

  test('slows a run down to its rows per second', async ({ store, project }) => {
    const runId = await plannedRun(store, project, 3, { maxRowsPerSecond: 1 });
    expect(await dispatch(store, project)).toHaveLength(1);
    expect(await dispatch(store, project)).toHaveLength(0);
    const { rows } = await sql<{ wait: number }>`
      select extract(epoch from next_dispatch_at - now())::float8 as wait from larder.runs where run_id = ${runId}`.execute(
      store.db,
    );
    expect(rows[0]?.wait).toBeGreaterThan(8);
    expect(rows[0]?.wait).toBeLessThanOrEqual(10);
  });
});
