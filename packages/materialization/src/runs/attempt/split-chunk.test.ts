import { expect } from 'vitest';
import { BROKEN, badPicture, claim, dispatch, land, plannedRun, test } from '../../testing/runs.ts';
import { failChunk, finishRuns, getRun, listRetriedRows, retryFailed, splitChunk } from '../index.ts';

test('a split chunk passes its failed rows to its parts, and only its holder can split it', async ({
  store,
  project,
}) => {
  const runId = await plannedRun(store, project, 1);
  const [first] = await dispatch(store, project);
  if (!first) throw new Error('Nothing dispatched.');
  await claim(store, first);
  await land(store, runId, first, ['a', 'b', 'c'].map(badPicture));
  await finishRuns(store, project);
  await retryFailed(store, project, runId);
  const [late] = await dispatch(store, project);
  if (!late) throw new Error('Nothing dispatched.');
  await claim(store, late);
  await failChunk(store, late, BROKEN);
  const [whole] = await dispatch(store, project);
  if (!whole) throw new Error('Nothing dispatched.');
  await claim(store, whole);

  const parts = [
    { bounds: { kind: 'keys', keys: [['a'], ['b']] }, rows: 2 },
    { bounds: { kind: 'keys', keys: [['c']] }, rows: 1 },
  ];
  expect(await splitChunk(store, late, parts)).toBe(false);
  expect(await splitChunk(store, whole, parts)).toBe(true);
  expect(await splitChunk(store, whole, parts)).toBe(false);
  expect(await land(store, runId, whole)).toBe(false);
  expect(await getRun(store, project, runId)).toMatchObject({
    status: 'running',
    rows: { total: 10, done: 7, failed: 0 },
  });
  const waiting = await dispatch(store, project);
  expect(waiting).toHaveLength(2);
  const keys = await Promise.all(waiting.map(({ chunkId }) => listRetriedRows(store, chunkId)));
  expect(keys.map((rows) => rows.map(({ entityKey }) => entityKey).toSorted())).toEqual([['a', 'b'], ['c']]);
  expect(await claim(store, waiting[0] ?? whole)).toMatchObject({ failures: 1, retryOf: first.chunkId });
});
