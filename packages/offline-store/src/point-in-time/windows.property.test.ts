import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { AggregateManifest, FeatureViewManifest, FieldManifest } from '@larder/features';
import fc from 'fast-check';
import { expect } from 'vitest';
import { ensureEventsIn } from '../events/ensure-events.ts';
import { landEvents } from '../events/land-events.ts';
import type { ArrivedEvent, EventProject } from '../events/event-table.ts';
import { joinInPostgresql, type PointInTimeJoin } from '../index.ts';
import { readJoinedCsv } from '../testing/point-in-time.ts';
import { naiveWindows, type EventEdition } from '../testing/windowed-join.ts';
import { test, view as plainView } from '../testing/store.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const DAY = 1_440 * MINUTE;

/** Names that SQL, the spine or the query use for something else. */
const FIELDS: readonly FieldManifest[] = [
  { name: 'row', type: 'int64' },
  { name: 'ad_id', type: 'string' },
  { name: 'select', type: 'string' },
  { name: 'e', type: 'float64' },
  { name: 'at', type: 'float32' },
  { name: 'big', type: 'int64' },
  { name: 'count', type: 'int64', safe: true },
  { name: 'is_new', type: 'bool' },
  { name: 'seen', type: 'timestamp' },
];
const AGGREGATES: readonly AggregateManifest[] = [
  { name: 'all', function: 'count', field: null, where: [] },
  {
    name: 'some',
    function: 'count',
    field: null,
    where: [{ field: 'select', operator: 'in', values: ["it's", ''] }],
  },
  { name: 'sum', function: 'sum', field: 'e', where: [] },
  {
    name: 'sum32',
    function: 'sum',
    field: 'at',
    where: [{ field: 'at', operator: 'gte', values: [Math.fround(0.1)] }],
  },
  { name: 'news', function: 'sum', field: 'is_new', where: [] },
  {
    name: 'mean',
    function: 'mean',
    field: 'count',
    where: [{ field: 'is_new', operator: 'in', values: [true] }],
  },
  { name: 'low', function: 'min', field: 'big', where: [{ field: 'count', operator: 'lt', values: [3] }] },
  {
    name: 'top',
    function: 'max',
    field: 'e',
    where: [{ field: 'big', operator: 'gt', values: ['-9007199254740993'] }],
  },
  {
    name: 'last',
    function: 'last',
    field: 'e',
    where: [{ field: 'seen', operator: 'lte', values: ['2026-11-20T12:00:00.001Z'] }],
  },
  { name: 'kinds', function: 'approximate_distinct', field: 'select', where: [] },
  { name: 'bigs', function: 'approximate_distinct', field: 'big', where: [] },
  { name: 'flags', function: 'approximate_distinct', field: 'is_new', where: [] },
];
const WINDOWS = [
  { name: '1m', window_ms: MINUTE, hop_ms: 10 * SECOND },
  { name: '1h', window_ms: 60 * MINUTE, hop_ms: 20 * MINUTE },
  { name: '40d', window_ms: 40 * DAY, hop_ms: 2 * DAY },
];
const SCHEMA = AGGREGATES.flatMap(({ name }) =>
  WINDOWS.map((window): FieldManifest => ({ name: `${name}_${window.name}`, type: 'float64' })),
);
const VIEW: FeatureViewManifest = {
  ...plainView('stats', SCHEMA, 'user_ad'),
  source: {
    kind: 'events',
    event_source: 'clicks',
    event_timestamp_column: 'event_timestamp',
    created_timestamp_column: null,
  },
  windowed: { event_source: 'clicks', windows: WINDOWS, aggregates: AGGREGATES },
};
const SOURCE = {
  name: 'clicks',
  schema: FIELDS,
  retention_ms: 'forever',
  backfill: null,
  fingerprint: 'c'.repeat(64),
} as const;
const PROJECT: EventProject = {
  project: 'windows',
  entities: { user_ad: { name: 'user_ad', join_keys: FIELDS.slice(0, 2) } },
  event_sources: { clicks: SOURCE },
  feature_views: { 'stats@1': VIEW },
};

const NOW_MS = Date.parse('2026-11-20T12:00:00Z');
const LANDED_BEFORE_MS = NOW_MS + 10 * DAY;

const values = fc.record({
  row: fc.constantFrom(1n, 1n, 2n ** 62n, null),
  ad_id: fc.constantFrom('a', 'a"\n|%'),
  select: fc.constantFrom(null, "it's", '', 'é😀', 'x'),
  e: fc.oneof(fc.constantFrom(null, 0, -1.5, 5e-324), fc.double({ noNaN: true, min: -1e6, max: 1e6 })),
  at: fc.constantFrom(null, 0.1, 0.5, -2).map((value) => value && Math.fround(value)),
  big: fc.constantFrom(null, 5n, -(2n ** 53n) - 1n, 2n ** 63n - 1n),
  count: fc.constantFrom(null, 1, 3, 7),
  is_new: fc.constantFrom(null, true, false),
  seen: fc
    .constantFrom(null, NOW_MS, NOW_MS + 1, NOW_MS + 2)
    .map((ms) => (ms === null ? null : new Date(ms))),
});

/** Few ids and times, so that arrivals often meet: redelivered, corrected, retracted, late. */
const arrival = fc.record({
  eventId: fc.constantFrom('e1', 'e2', 'é', '😀', 'e5', 'e6'),
  eventTimestampMs: fc
    .constantFrom(-4 * MINUTE, 0, 5_000, 60_000, 70_000, 4_000_000, 30 * DAY, 41 * DAY)
    .map((ago) => NOW_MS - ago),
  isRetracted: fc.constantFrom(false, false, false, true),
  values,
});
const batch = fc.record({
  events: fc.array(arrival, { minLength: 1, maxLength: 6 }),
  afterMs: fc.constantFrom(0, 1, 30_000, DAY),
  landsLate: fc.constantFrom(false, false, false, true),
  confirmedAfterMs: fc.constantFrom(null, 0, 1, 40_000, 2 * DAY),
});

const spineRow = fc.record({
  keys: fc.record({ row: fc.constantFrom(1n, 2n ** 62n, 3n), ad_id: fc.constantFrom('a', 'a"\n|%') }),
  atMs: fc
    .constantFrom(
      -5_000,
      -1,
      0,
      1,
      9_999,
      10_000,
      30_000,
      60_000,
      20 * MINUTE,
      DAY,
      3 * DAY,
      -41 * DAY,
      41 * DAY,
    )
    .map((after) => NOW_MS + after),
});

test('PostgreSQL gives windows as the tiles that were known then have them: late, corrected and retracted events, every type', async ({
  store,
}) => {
  await store.transaction((tx) => ensureEventsIn(tx, PROJECT, SOURCE));
  let chunkId = 0;
  let notEmpty = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(batch, { minLength: 1, maxLength: 6 }),
      fc.array(spineRow, { minLength: 1, maxLength: 20 }),
      fc.constantFrom('created' as const, 'online' as const),
      fc.shuffledSubarray([...SCHEMA], { minLength: 1 }),
      async (batches, spine, cutOff, features) => {
        await store.pool.query(
          'delete from windows_history.clicks_events; delete from larder.kept_online_times',
        );
        let nowMs = NOW_MS - DAY;
        for (const { events, afterMs, landsLate, confirmedAfterMs } of batches) {
          chunkId++;
          nowMs += afterMs;
          await landBatch(
            events.map((event): ArrivedEvent => Object.assign({ createdTimestampMs: nowMs }, event)),
          );
          await store.pool.query(
            'update windows_history.clicks_events set landed_at = $2 where chunk_id = $1',
            [chunkId, new Date(landsLate ? LANDED_BEFORE_MS : LANDED_BEFORE_MS - 1)],
          );
          if (confirmedAfterMs !== null)
            await store.pool.query('insert into larder.kept_online_times values ($1, $2)', [
              chunkId,
              new Date(nowMs + confirmedAfterMs),
            ]);
        }
        const join: PointInTimeJoin = {
          project: PROJECT,
          entity: PROJECT.entities['user_ad'] as PointInTimeJoin['entity'],
          views: [{ view: VIEW, features, ttlMs: 'forever' }],
          cutOff,
          landedBefore: new Date(LANDED_BEFORE_MS),
        };
        const csv = spine.map(
          ({ keys, atMs }, at) => `${at},${atMs}000,${keys.row},"${keys.ad_id.replaceAll('"', '""')}"\n`,
        );
        const joined = readJoinedCsv(join, await text(joinInPostgresql(store, join, Readable.from(csv))));
        const editions = await storedEditions();
        for (const [at, row] of joined.entries()) {
          const [place, status, eventMs] = row;
          expect([place, status]).toEqual([at, 1]);
          const all = naiveWindows(join, editions, spine[at] as (typeof spine)[number]);
          const expected = features.map((field) => all[SCHEMA.indexOf(field)] ?? null);
          for (const [i, { name }] of features.entries())
            expect({ name, value: near(row[5 + i]) }).toEqual({ name, value: near(expected[i]) });
          if (eventMs !== null) notEmpty++;
        }
      },
    ),
    { numRuns: 60 },
  );
  expect(notEmpty).toBeGreaterThan(15);

  async function landBatch(events: readonly ArrivedEvent[]): Promise<void> {
    await store.transaction((tx) =>
      landEvents(tx, {
        project: 'windows',
        source: SOURCE,
        events,
        nowMs: NOW_MS,
        revision: chunkId,
        chunkId,
      }),
    );
  }

  async function storedEditions(): Promise<EventEdition[]> {
    const fields = FIELDS.map(
      ({ name, type }) => `"${name}"${type === 'int64' ? `::text as "${name}"` : ''}`,
    );
    const { rows } = await store.pool.query<Record<string, unknown>>(`
      select event_id, event_timestamp, created_timestamp, is_retracted, edition, landed_at, online_at, ${fields.join(', ')}
      from windows_history.clicks_events left join larder.chunk_online_times using (chunk_id)`);
    const int64 = (digits: string, safe: boolean): number | bigint =>
      safe ? Number(digits) : BigInt(digits);
    return rows.map((row) => ({
      eventId: row['event_id'] as string,
      eventTimestampMs: (row['event_timestamp'] as Date).getTime(),
      createdTimestampMs: (row['created_timestamp'] as Date).getTime(),
      isRetracted: row['is_retracted'] as boolean,
      edition: row['edition'] as number,
      landedAtMs: (row['landed_at'] as Date).getTime(),
      onlineAtMs: (row['online_at'] as Date | null)?.getTime() ?? null,
      values: Object.fromEntries(
        FIELDS.map(({ name, type, safe = false }) => {
          const value = row[name] as string | null;
          if (type === 'float32' && value !== null) return [name, Math.fround(Number(value))];
          return [name, type === 'int64' && value !== null ? int64(value, safe) : value];
        }),
      ),
    }));
  }
});

/** Sums of at most forty values within 10⁶, in another order. */
function near(value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toFixed(6)) + 0 : value;
}
