import type { FeatureViewManifest } from '@larder/features';
import { expect } from 'vitest';
import { appendHistory, ensureHistory, readChunkHistory, type OfflineStore } from '../index.ts';
import { project, row, test, view } from '../testing/store.ts';
import { dropExpiredHistory, expiredHistory } from './drop-expired-history.ts';

const DAY_MS = 86_400_000;
const kept = (name: string): FeatureViewManifest => ({
  ...view(name, [{ name: 'x', type: 'float32' }]),
  ttl_ms: DAY_MS,
  retention_ms: 100 * DAY_MS,
});

/** Rows of the chunks 1, 2, … of a view, so many days old. */
async function seed(store: OfflineStore, table: FeatureViewManifest, daysAgo: readonly number[]) {
  await ensureHistory(store, project, table);
  for (const [at, days] of daysAgo.entries())
    await store.transaction((tx) =>
      appendHistory(tx, project, table, [
        row(`ad-${at}`, { chunkId: at + 1, eventTimestampMs: Date.now() - days * DAY_MS }),
      ]),
    );
}

test('months that are older than the retention go, with the online times of their chunks; others stay', async ({
  store,
}) => {
  const stats = kept('stats');
  const { retention_ms: _, ...forever } = kept('forever');
  await seed(store, stats, [1, 99, 140, 400]);
  await seed(store, forever, [400]);
  // The chunk of the oldest row has a young one as well.
  await store.transaction((tx) =>
    appendHistory(tx, project, stats, [row('ad-9', { chunkId: 4, eventTimestampMs: Date.now() })]),
  );
  await store.pool.query('insert into larder.kept_online_times select i, now() from generate_series(1, 5) i');
  expect(await expiredHistory(store, project, stats)).toHaveLength(2);
  expect(await expiredHistory(store, project, forever)).toEqual([]);
  const dropped = await dropExpiredHistory(store, project, [stats, forever]);
  expect(dropped).toEqual([
    {
      ref: 'stats@1',
      partitions: [expect.stringMatching(/^stats_v1_/), expect.stringMatching(/^stats_v1_/)],
    },
  ]);
  for (const [chunkId, rows] of [1, 1, 0, 1].entries())
    expect(await readChunkHistory(store, project, stats, chunkId + 1)).toHaveLength(rows);
  expect(await readChunkHistory(store, project, forever, 1)).toHaveLength(1);
  const { rows: times } = await store.pool.query('select chunk_id from larder.kept_online_times order by 1');
  expect(times).toEqual([{ chunk_id: 1 }, { chunk_id: 2 }, { chunk_id: 4 }, { chunk_id: 5 }]);
  expect(await dropExpiredHistory(store, project, [stats, forever])).toEqual([]);
});

test('a table that is being read is left for later, and nobody waits behind the attempt', async ({
  store,
}) => {
  const busy = kept('busy');
  await seed(store, busy, [1, 400]);
  const reader = await store.pool.connect();
  await reader.query('begin; select from shop_history.busy_v1');
  const dropping = dropExpiredHistory(store, project, [busy]);
  // A drop that waited for the reader would make these wait behind it, until the reader ends.
  for (let at = 0; at < 20; at++)
    await store.transaction((tx) =>
      appendHistory(tx, project, busy, [row('ad-1', { chunkId: 100 + at, revision: 100 + at })]),
    );
  expect(await dropping).toEqual([]);
  await reader.query('commit');
  reader.release();
  expect(await dropExpiredHistory(store, project, [busy])).toHaveLength(1);
});
