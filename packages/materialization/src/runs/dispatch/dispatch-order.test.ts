import { describe, expect } from 'vitest';
import { claim, dispatch, plannedRun, test } from '../../testing/runs.ts';

describe('dispatching', () => {
  test('of equal priority, the older run goes first, and its chunks in order', async ({ store, project }) => {
    const older = await plannedRun(store, project, 2);
    const newer = await plannedRun(store, project, 2);
    const attempts = await dispatch(store, project);
    const chunks = await Promise.all(attempts.map((attempt) => claim(store, attempt)));
    expect(chunks.map((chunk) => [chunk?.runId, chunk?.bounds])).toEqual([
      [older, { chunk: 0 }],
      [older, { chunk: 1 }],
      [newer, { chunk: 0 }],
      [newer, { chunk: 1 }],
    ]);
  });

  test('waiting chunks of another process take none of our slots', async ({ store, project }) => {
    await plannedRun(store, project, 4);
    expect(await dispatch(store, project, { dispatcher: `${project}-a`, slots: 2 })).toHaveLength(2);
    expect(await dispatch(store, project, { dispatcher: `${project}-b`, slots: 2 })).toHaveLength(2);
  });

  test('returns no more chunks than slots, however many runs have chunks', async ({ store, project }) => {
    for (let i = 0; i < 3; i++) await plannedRun(store, project, 2);
    expect(await dispatch(store, project, { slots: 2 })).toHaveLength(2);
  });
});
