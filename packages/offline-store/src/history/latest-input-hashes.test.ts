import { sql } from 'kysely';
import { expect } from 'vitest';
import { project, row, test, view } from '../testing/store.ts';
import { appendHistory } from './append-history.ts';
import { ensureHistory } from './ensure-history.ts';
import { latestInputHashes } from './latest-input-hashes.ts';

const stats = view('stats', [{ name: 'clicks', type: 'float32' }], 'user_ad');
const JANUARY_MS = Date.UTC(2026, 0, 15);
const MARCH_MS = Date.UTC(2026, 2, 15);

function seen(
  user: bigint,
  adId: string,
  order: [eventMs: number, createdMs: number, revision: number],
  inputHash: bigint,
) {
  const [eventTimestampMs, createdTimestampMs, revision] = order;
  return row(adId, {
    keys: { user, ad_id: adId },
    eventTimestampMs,
    createdTimestampMs,
    revision,
    inputHash,
  });
}

test('newest is by event, then created timestamp, then revision, across partitions', async ({ store }) => {
  await ensureHistory(store, project, stats);
  await store.transaction((tx) =>
    appendHistory(tx, project, stats, [
      seen(1n, 'a', [MARCH_MS, 5, 1], -(2n ** 63n)),
      seen(1n, 'a', [JANUARY_MS, 9, 9], 1n),
      seen(1n, 'b', [MARCH_MS, 5, 9], 2n),
      seen(1n, 'b', [MARCH_MS, 6, 1], 3n),
      seen(2n ** 62n, 'a', [JANUARY_MS, 5, 1], 4n),
      seen(2n ** 62n, 'a', [JANUARY_MS, 5, 2], 5n),
    ]),
  );
  const latest = await latestInputHashes(store, project, stats, [
    { user: 2n ** 62n, ad_id: 'a' },
    { user: 1n, ad_id: 'nobody' },
    { user: 1n, ad_id: 'b' },
    { user: 1n, ad_id: 'a' },
  ]);
  expect(latest).toEqual([
    { eventTimestampMs: JANUARY_MS, createdTimestampMs: 5, revision: 2, inputHash: 5n },
    null,
    { eventTimestampMs: MARCH_MS, createdTimestampMs: 6, revision: 1, inputHash: 3n },
    { eventTimestampMs: MARCH_MS, createdTimestampMs: 5, revision: 1, inputHash: -(2n ** 63n) },
  ]);
});

test('the newest row of a key comes from the unique index, newest partition first', async ({ store }) => {
  const large = view('large', [{ name: 'clicks', type: 'float32' }]);
  await ensureHistory(store, project, large);
  const rows = Array.from({ length: 4_000 }, (_, i) =>
    row(`ad-${i % 500}`, { eventTimestampMs: JANUARY_MS + i * 3_600_000, revision: i }),
  );
  await store.transaction((tx) => appendHistory(tx, project, large, rows));
  await sql`analyze shop_history.large_v1`.execute(store.db);
  const plan = await sql<{ 'QUERY PLAN': string }>`explain
    select wanted.ad_id, newest.* from unnest(${['ad-1', 'ad-2']}::text[]) as wanted (ad_id) cross join lateral (
      select input_hash from shop_history.large_v1 as history where history.ad_id = wanted.ad_id
      order by event_timestamp desc, created_timestamp desc, revision desc limit 1) as newest`.execute(
    store.db,
  );
  const text = plan.rows.map((line) => line['QUERY PLAN']).join('\n');
  expect(text).toContain('Index Scan using large_v1');
  expect(text).not.toContain('Sort');
});
