import { appendHistory, ensureHistory, KEPT_ASIDE, type OfflineStore } from '@larder/offline-store';
import { project as shop, row, view } from '@larder/offline-store/testing';
import { expect } from 'vitest';
import { LEASE_MS, VIEW, badPicture, claim, dispatch, land, plannedRun, test } from '../../testing/runs.ts';
import { findRunViolations } from '../find-run-violations.ts';
import { forgetViewVersionIn, getRun, heartbeatChunk, lockChunk } from '../index.ts';

const brightness = view('ad_image', [{ name: 'brightness', type: 'float32' }]);
const words = view('ad_image', [{ name: 'words', type: 'string' }]);
const neighbour = { ...brightness, version: 2 };

function replace(store: OfflineStore, project: string, was: string, now: string): Promise<boolean> {
  const [before, after] = [was.repeat(64), now.repeat(64)];
  return store.transaction((tx) =>
    forgetViewVersionIn(tx, { project, view: VIEW.view, version: 1, was: before, now: after }),
  );
}

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

  await replace(store, project, 'a', 'b');
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

test('a history comes back with the definition that computed it, and the oldest of many is dropped', async ({
  store,
  project,
}) => {
  const names = { ...shop, project };
  const rows = async () =>
    (await store.pool.query<{ ad_id: string }>(`select ad_id from "${project}_history".ad_image_v1`)).rows;
  const fill = async (key: string) => {
    await ensureHistory(store, names, brightness);
    const old = row(key, { values: { brightness: 0.5 }, eventTimestampMs: Date.parse('2020-02-02') });
    await store.transaction((tx) => appendHistory(tx, names, brightness, [old]));
  };
  await fill('of-a');
  expect(await replace(store, project, 'a', 'b')).toBe(false);
  // The same partition as of the history that is aside.
  await fill('of-b');
  expect(await replace(store, project, 'b', 'a')).toBe(true);
  expect(await rows()).toEqual([{ ad_id: 'of-a' }]);
  await fill('again-of-a');
  expect(await rows()).toHaveLength(2);

  const later = ['c', 'd', 'e'];
  expect(later).toHaveLength(KEPT_ASIDE);
  let was = 'a';
  for (const now of [...later, 'f']) {
    expect(await replace(store, project, was, now)).toBe(false);
    await fill(`of-${now}`);
    was = now;
  }
  // b and a are more than KEPT_ASIDE ago.
  expect(await replace(store, project, 'f', 'a')).toBe(false);
  await ensureHistory(store, names, brightness);
  expect(await replace(store, project, 'a', 'd')).toBe(true);
  expect(await rows()).toEqual([{ ad_id: 'of-d' }]);
});

test('chunks are where their history is: none contradicts it, however often it goes and comes back', async ({
  store,
  project,
}) => {
  const names = { ...shop, project };
  let key = 0;
  const fill = async () => {
    await ensureHistory(store, names, brightness);
    const runId = await plannedRun(store, project, 1);
    const [attempt] = await dispatch(store, project);
    if (!attempt) throw new Error('Nothing dispatched.');
    await claim(store, attempt);
    const rows = Array.from({ length: 9 }, () =>
      row(`ad-${key++}`, { values: { brightness: 0.5 }, chunkId: attempt.chunkId }),
    );
    await store.transaction((tx) => appendHistory(tx, names, brightness, rows));
    expect(await land(store, runId, attempt, [badPicture('ad-x')])).toBe(true);
  };
  const consistent = async () => expect(await findRunViolations(store, project)).toEqual([]);
  await fill();
  await replace(store, project, 'a', 'b');
  await fill();
  await consistent();
  expect(await replace(store, project, 'b', 'a')).toBe(true);
  await consistent();
  await fill();
  expect(await replace(store, project, 'a', 'b')).toBe(true);
  await consistent();
  // Until the history of a is dropped.
  let was = 'b';
  for (const now of ['c', 'd', 'e', 'f']) {
    await replace(store, project, was, now);
    await fill();
    was = now;
  }
  expect(await replace(store, project, 'f', 'a')).toBe(false);
  await fill();
  await consistent();
  await replace(store, project, 'a', 'c');
  expect(await replace(store, project, 'c', 'a')).toBe(true);
  await consistent();
});
