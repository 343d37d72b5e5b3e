import { appendHistory, ensureHistory } from '@larder/offline-store';
import { project as shop, row, view } from '@larder/offline-store/testing';
import { expect } from 'vitest';
import { LEASE_MS, VIEW, claim, dispatch, plannedRun, test } from '../../testing/runs.ts';
import { forgetViewVersionIn, getRun, heartbeatChunk, lockChunk } from '../index.ts';

const brightness = view('ad_image', [{ name: 'brightness', type: 'float32' }]);
const words = view('ad_image', [{ name: 'words', type: 'string' }]);
const neighbour = { ...brightness, version: 2 };

test('history and open runs of the version are removed, those of another version stay', async ({
  store,
  project,
}) => {
  const names = { ...shop, project };
  for (const each of [brightness, neighbour]) {
    await ensureHistory(store, names, each);
    await store.transaction((tx) =>
      appendHistory(tx, names, each, [row('ad-1', { values: { brightness: 0.5 } })]),
    );
  }
  const ended = await plannedRun(store, project, 1);
  const [attempt] = await dispatch(store, project);
  if (!attempt) throw new Error('Nothing dispatched.');
  await claim(store, attempt);

  await store.transaction((tx) => forgetViewVersionIn(tx, { project, view: VIEW.view, version: 1 }));
  await ensureHistory(store, names, words);

  const columns = await store.pool.query<{ column_name: string }>(
    `select column_name from information_schema.columns where table_schema = $1 and table_name = 'ad_image_v1'`,
    [`${project}_history`],
  );
  expect(columns.rows.map(({ column_name: name }) => name)).toContain('words');
  expect((await store.pool.query(`select from "${project}_history".ad_image_v1`)).rowCount).toBe(0);
  expect((await store.pool.query(`select from "${project}_history".ad_image_v2`)).rowCount).toBe(1);
  expect(await getRun(store, project, ended)).toMatchObject({
    status: 'cancelled',
    rows: { total: 10, done: 0 },
  });
  // The worker that computes the chunk may no longer write.
  const progress = { done: 1, failed: 0, skipped: 0 };
  expect(await heartbeatChunk(store, attempt, { leaseMs: LEASE_MS, progress })).toBe(false);
  expect(await store.transaction((tx) => lockChunk(tx, attempt))).toBe(false);
});
