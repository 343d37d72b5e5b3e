import { sql } from 'kysely';
import { beforeEach, expect } from 'vitest';
import { newestCursor, readChanges, recordChange, type OfflineStore } from '../index.ts';
import { ensureChangePartitions, CHANGES_TABLE } from '../changes/change-partitions.ts';
import { numberChanges } from '../changes/number-changes.ts';
import { dailyPartition } from '../partitions/daily-partition.ts';
import { ensureMonthlyPartitions, monthOf } from '../partitions/monthly-partitions.ts';
import { ensurePartitions } from '../partitions/partitions.ts';
import { landed, test } from '../testing/changes.ts';
import { dropExpired } from './drop-expired.ts';

const DAY_MS = 86_400_000;
const WEEK = { changesMs: 7 * DAY_MS, predictionsMs: 'forever' } as const;
const suffix = (daysAgo: number) => dailyPartition(Date.now() - daysAgo * DAY_MS).suffix;

async function numberAt(store: OfflineStore, project: string, chunkId: number, daysAgo: number) {
  await store.transaction((tx) => recordChange(tx, project, landed(chunkId)));
  await numberChanges(store, '0');
  await sql`update larder.changes set numbered_at = now() - ${daysAgo} * interval '24 hours'
    where project = ${project} and chunk_id = ${chunkId}`.execute(store.db);
}

beforeEach<{ store: OfflineStore }>(async ({ store }) => {
  await ensureChangePartitions(store);
  const days = [8, 9, 20].map((ago) => dailyPartition(Date.now() - ago * DAY_MS));
  await store.transaction((tx) => ensurePartitions(tx.db, CHANGES_TABLE, days));
});

test('a consumer that fell behind the dropped changes gets an error, the others continue', async ({
  store,
  project,
}) => {
  await numberAt(store, project, 1, 20);
  const behind = await newestCursor(store, project);
  await numberAt(store, project, 2, 9);
  const inTime = await newestCursor(store, project);
  await numberAt(store, project, 3, 0);
  expect(await dropExpired(store, WEEK)).toEqual([20, 9, 8].map((ago) => `changes_${suffix(ago)}`));
  const read = (after: string | null) => readChanges(store, { project, after, limit: 10 });
  expect((await read(inTime)).changes).toMatchObject([{ position: 3, chunkId: 3 }]);
  for (const after of [null, behind])
    await expect(read(after)).rejects.toMatchObject({
      code: 'FEED_EXPIRED',
      message: expect.stringContaining('it begins at 3'),
    });
  expect(await dropExpired(store, WEEK)).toEqual([]);
});

test('cursors of another feed, from the future or malformed are refused', async ({ store, project }) => {
  await numberAt(store, project, 1, 0);
  const cursor = (await newestCursor(store, project)) ?? '';
  const other = cursor.replace(/@........./, '@00000000-');
  for (const after of [cursor.replace('1@', '2@'), other, 'x', '', `${cursor} or true`])
    await expect(readChanges(store, { project, after, limit: 10 })).rejects.toMatchObject({
      code: 'FEED_EXPIRED',
    });
  await expect(
    readChanges(store, { project: `${project}x`, after: cursor, limit: 10 }),
  ).rejects.toMatchObject({ code: 'FEED_EXPIRED' });
});

test('a table in use keeps its partition, and no session waits for the drop', async ({ store, project }) => {
  await numberAt(store, project, 1, 20);
  await store.transaction(async (reader) => {
    await sql`select count(*) from larder.changes`.execute(reader.db);
    const dropping = dropExpired(store, WEEK);
    // Would wait behind a drop that waits for the reader.
    for (let writes = 0; writes < 20; writes++) await numberAt(store, project, 100 + writes, 0);
    expect(await dropping).toEqual([]);
  });
  await dropExpired(store, WEEK);
  expect((await newestCursor(store, project))?.startsWith('21@')).toBe(true);
  await expect(readChanges(store, { project, after: null, limit: 1 })).rejects.toMatchObject({
    code: 'FEED_EXPIRED',
  });
});

test('the prediction log drops whole months, and keeps all of them if configured', async ({ store }) => {
  const thisMonth = monthOf(Date.now());
  const table = { schema: 'larder', name: 'predictions' };
  await store.transaction((tx) =>
    ensureMonthlyPartitions(tx.db, table, [thisMonth - 6, thisMonth - 5, thisMonth, thisMonth + 1]),
  );
  const keep = { changesMs: 'forever' } as const;
  expect(await dropExpired(store, { ...keep, predictionsMs: 'forever' })).toEqual([]);
  const dropped = await dropExpired(store, { ...keep, predictionsMs: 90 * DAY_MS });
  expect(dropped).toHaveLength(2);
  const { rows } =
    await sql`select from pg_inherits where inhparent = 'larder.predictions'::regclass`.execute(store.db);
  expect(rows).toHaveLength(2);
});
