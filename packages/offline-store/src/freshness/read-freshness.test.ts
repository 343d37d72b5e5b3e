import { sql } from 'kysely';
import { beforeEach, expect } from 'vitest';
import { readFreshness, recordChange, type OfflineStore } from '../index.ts';
import { dropped, landed, test } from '../testing/changes.ts';
import { ensureChangePartitions } from '../changes/change-partitions.ts';
import { numberChanges } from '../changes/number-changes.ts';
import type { Change } from '../changes/record-change.ts';

beforeEach<{ store: OfflineStore }>(({ store }) => ensureChangePartitions(store));

const record = (store: OfflineStore, project: string, change: Change) =>
  store.transaction((tx) => recordChange(tx, project, change));

const confirm = (store: OfflineStore, project: string, rows: number) =>
  sql`insert into larder.unnumbered_changes (project, kind, view, version, rows)
    values (${project}, 'online', 'ad_image', 1, ${rows})`.execute(store.db);

test('the newest event and landing do not go back when older events land late', async ({
  store,
  project,
}) => {
  await record(store, project, landed(1, { lastEventTimestampMs: 2_000 }));
  await record(store, project, landed(2, { lastEventTimestampMs: 9_000, version: 2 }));
  await numberChanges(store, '0');
  const before = await readFreshness(store, project);
  expect(before).toMatchObject([
    {
      view: 'ad_image',
      version: 1,
      newestEventTimestamp: new Date(2_000),
      newestOnlineAt: null,
      rowsOnline: 0,
    },
    { view: 'ad_image', version: 2, newestEventTimestamp: new Date(9_000) },
  ]);
  await record(store, project, landed(3, { lastEventTimestampMs: 1_000 }));
  await numberChanges(store, '0');
  const [after, other] = await readFreshness(store, project);
  expect(after?.newestEventTimestamp).toEqual(new Date(2_000));
  expect(Number(after?.newestLandedAt)).toBeGreaterThan(Number(before[0]?.newestLandedAt));
  expect(other).toEqual(before[1]);
});

test('rows online add up over chunks, in one turn or several', async ({ store, project }) => {
  for (const rows of [10, 0, 5]) await confirm(store, project, rows);
  await numberChanges(store, '0');
  await confirm(store, project, 2);
  await numberChanges(store, '0');
  expect(await readFreshness(store, project)).toMatchObject([
    { rowsOnline: 17, newestOnlineAt: expect.any(Date), newestLandedAt: null },
  ]);
  // Confirmations have no position.
  const { rows } = await sql`select from larder.changes where project = ${project}`.execute(store.db);
  expect(rows).toEqual([]);
});

test('a dropped version starts again, even if it was filled again before the numbering', async ({
  store,
  project,
}) => {
  await record(store, project, landed(1, { lastEventTimestampMs: 9_000 }));
  await confirm(store, project, 10);
  await numberChanges(store, '0');
  await record(store, project, dropped);
  await numberChanges(store, '0');
  expect(await readFreshness(store, project)).toEqual([
    {
      view: 'ad_image',
      version: 1,
      newestEventTimestamp: null,
      newestLandedAt: null,
      newestOnlineAt: null,
      rowsOnline: 0,
    },
  ]);
  await record(store, project, landed(2, { lastEventTimestampMs: 8_000 }));
  await confirm(store, project, 7);
  await record(store, project, dropped);
  await record(store, project, landed(3, { lastEventTimestampMs: 5_000 }));
  await confirm(store, project, 3);
  await numberChanges(store, '0');
  expect(await readFreshness(store, project)).toMatchObject([
    { newestEventTimestamp: new Date(5_000), rowsOnline: 3 },
  ]);
});
