import { createLogger, isLarderError } from '@larder/core';
import { createOfflineStore, createPredictionLog, findPrediction, migrate } from '@larder/offline-store';
import { connectRedis } from '@larder/online-store';
import { expect, onTestFinished } from 'vitest';
import { inspectEntity } from './inspect/inspect-entity.ts';
import { showPrediction } from './logged/show-prediction.ts';
import { readOnlineFeatures } from './online-features/read-online-features.ts';
import type { PredictedRow } from './predictor.ts';
import { fixturePredictor, putRows } from './testing/index.ts';
import { PACE_WEIGHTS, putEvents, test, type WindowsServed } from './testing/windows-test.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** The tensor of a row without brightness: twelve windows, the share of the hour in the day, whether bids are known. */
function scoreOf(windows: readonly (number | null)[], pace: readonly number[]): number {
  const columns = [0.5, ...windows.map((value) => value ?? -1), ...pace];
  return (
    1 / (1 + Math.exp(-columns.reduce((sum, value, at) => sum + value * (PACE_WEIGHTS[at] as number), 0)))
  );
}

async function predict({ adPace }: WindowsServed, adId: string) {
  const { rows, outputs } = await adPace.predict({ rows: [{ entities: { ad_id: adId } }], features: true });
  const [row] = rows;
  if (row === undefined || isLarderError(row)) throw row ?? new Error('no row');
  return { row, score: outputs['score']?.[row.place] as number };
}

function shown(row: PredictedRow): (readonly [string, unknown, string])[] {
  const features = row.features?.filter(({ ref }) => ref.startsWith('ad_stats@1:')) ?? [];
  return features.map(({ ref, value, status }) => [ref.slice('ad_stats@1:'.length), value, status] as const);
}

test('windows go into the tensor, into functions and into the answer at the one moment of the request', async ({
  windows,
}) => {
  const { clock } = windows;
  const now = 1_795_200_000_000;
  await putEvents(windows, 'ad-1', [
    { atMs: now - 20 * HOUR, bid: 4, user: 'a' },
    { atMs: now - 30 * MINUTE, bid: 1, user: 'b' },
    { atMs: now - 10 * MINUTE, bid: 2, user: 'a' },
    { atMs: now - MINUTE, bid: null, user: 'b' },
  ]);
  clock.atMs = now;
  const { row, score } = await predict(windows, 'ad-1');
  expect(shown(row)).toEqual([
    ['shown_1h', 3, 'PRESENT'],
    ['shown_1d', 4, 'PRESENT'],
    ['bid_1h', 3, 'PRESENT'],
    ['bid_1d', 7, 'PRESENT'],
    ['bid_mean_1h', 1.5, 'PRESENT'],
    ['bid_mean_1d', 7 / 3, 'PRESENT'],
    ['bid_max_1h', 2, 'PRESENT'],
    ['bid_max_1d', 4, 'PRESENT'],
    ['bid_last_1h', 2, 'PRESENT'],
    ['bid_last_1d', 2, 'PRESENT'],
    ['users_1h', 2, 'PRESENT'],
    ['users_1d', 2, 'PRESENT'],
  ]);
  expect(score).toBeCloseTo(scoreOf([3, 4, 3, 7, 1.5, 7 / 3, 2, 4, 2, 2, 2, 2], [0.75, 1]), 5);
  expect(row.degradedReasons).toEqual(['ad_image@1:NOT_FOUND']);
  expect(row.features?.find(({ ref }) => ref === 'ad_stats@1:bid_1h')).toMatchObject({
    source: 'online',
    event_timestamp: new Date(now - MINUTE).toISOString(),
    age_ms: MINUTE,
  });

  // the same row an hour and a half later
  clock.atMs = now + 90 * MINUTE;
  const later = await predict(windows, 'ad-1');
  expect(later.score).toBeCloseTo(scoreOf([0, 4, 0, 7, null, 7 / 3, null, 4, null, 2, 0, 2], [0, 0]), 5);
  expect(shown(later.row)[4]).toEqual(['bid_mean_1h', null, 'NULL_VALUE']);
});

test('an entity without events is present: counts, sums and distinct are 0, the rest null', async ({
  windows,
}) => {
  const before = windows.adPace.counts.statuses.slice();
  const { row, score } = await predict(windows, 'never-seen');
  const empty = [0, 0, 0, 0, null, null, null, null, null, null, 0, 0];
  expect(score).toBeCloseTo(scoreOf(empty, [0, 0]), 5);
  expect(shown(row).map(([, value]) => value)).toEqual(empty);
  expect(row.degradedReasons).toEqual(['ad_image@1:NOT_FOUND']);
  expect(row.features?.find(({ ref }) => ref === 'ad_stats@1:bid_1h')).toMatchObject({
    status: 'PRESENT',
    source: 'online',
    event_timestamp: null,
    age_ms: null,
  });
  // image: not found; windows: present
  const counted = windows.adPace.counts.statuses.map((count, at) => count - (before[at] as number));
  expect([...counted]).toEqual([0, 1, 0, 0, 0, 1, 0, 0, 0, 0]);
});

test('many rows: each entity has its own windows', async ({ windows }) => {
  const { clock, adPace } = windows;
  clock.atMs = 1_795_200_000_000;
  for (const at of [1, 2, 3])
    await putEvents(
      windows,
      `many-${at}`,
      Array.from({ length: at }, () => ({ atMs: clock.atMs, bid: at, user: 'x' })),
    );
  const { outputs } = await adPace.predict({
    rows: ['many-2', 'none', 'many-3', 'many-1'].map((ad_id) => ({ entities: { ad_id } })),
  });
  const of = (n: number) => scoreOf([n, n, n * n, n * n, n, n, n, n, n, n, 1, 1], [1, 1]);
  const scores = outputs['score'] as Float32Array;
  expect(scores[0]).toBeCloseTo(of(2), 5);
  expect(scores[1]).toBeCloseTo(scoreOf([0, 0, 0, 0, null, null, null, null, null, null, 0, 0], [0, 0]), 5);
  expect(scores[2]).toBeCloseTo(of(3), 5);
  expect(scores[3]).toBeCloseTo(of(1), 5);
});

test('features/online gives windows now, also for entities without events', async ({ windows }) => {
  const { project, onlineStore, clock } = windows;
  clock.atMs = 1_795_200_000_000;
  await putEvents(windows, 'online', [{ atMs: clock.atMs - MINUTE, bid: 3, user: 'x' }]);
  const answer = await readOnlineFeatures(
    { manifest: project.manifest, onlineStore, clock },
    {
      features: ['ad_stats:shown_1h', 'ad_stats:bid_mean_1d', 'ad_image:brightness'],
      entities: [{ ad_id: 'online' }, { ad_id: 'never-seen' }],
    },
  );
  const event = new Date(clock.atMs - MINUTE).toISOString();
  expect(answer.rows).toEqual([
    {
      values: [1, 3, null],
      views: [
        { status: 'PRESENT', event_timestamp: event },
        { status: 'NOT_FOUND', event_timestamp: null },
      ],
    },
    {
      values: [0, null, null],
      views: [
        { status: 'PRESENT', event_timestamp: null },
        { status: 'NOT_FOUND', event_timestamp: null },
      ],
    },
  ]);
});

test('inspection shows the windows now, their tiles, the oldest of them, and the size of the row', async ({
  windows,
  database,
}) => {
  const { project, onlineStore, clock } = windows;
  clock.atMs = 1_795_200_000_000;
  await putEvents(windows, 'seen', [
    { atMs: clock.atMs - 23 * HOUR, bid: 2, user: 'y' },
    { atMs: clock.atMs - 50 * MINUTE, bid: 2, user: 'y' },
    { atMs: clock.atMs - MINUTE, bid: 3, user: 'x' },
  ]);
  const logger = createLogger('test', { level: 'silent' });
  const offlineStore = createOfflineStore({ databaseUrl: database.url, logger });
  onTestFinished(async () => offlineStore.close());
  await migrate(offlineStore);
  const deps = { manifest: project.manifest, onlineStore, offlineStore, clock };
  const { views, history_available, missing } = await inspectEntity(deps, 'ad', 'seen');
  expect(history_available).toBe(true);
  expect(missing.map(({ ref, reason }) => `${ref} ${reason}`)).toEqual(['ad_image@1 never_filled']);
  expect(views).toHaveLength(1);
  expect(views[0]).toMatchObject({
    ref: 'ad_stats@1',
    status: 'PRESENT',
    event_timestamp: new Date(clock.atMs - MINUTE).toISOString(),
    revision: 7,
    age_ms: MINUTE,
    ttl_ms: 'forever',
    // the header and two counts; tiles of 58 bytes with a user of 4
    size_bytes: 26 + 5 * 62,
    values: { shown_1h: 2, shown_1d: 3, bid_mean_1h: 2.5, bid_last_1d: 3, users_1d: 2 },
    windows: [
      {
        window: '1h',
        window_ms: HOUR,
        hop_ms: 5 * MINUTE,
        tiles: 2,
        oldest_tile: startOfTile(clock.atMs - 50 * MINUTE, 5 * MINUTE),
      },
      {
        window: '1d',
        window_ms: 24 * HOUR,
        hop_ms: 6 * HOUR,
        tiles: 3,
        oldest_tile: startOfTile(clock.atMs - 23 * HOUR, 6 * HOUR),
      },
    ],
  });

  // the row is older than every window
  clock.atMs += 48 * HOUR;
  const later = await inspectEntity(deps, 'ad', 'seen');
  expect(later.views[0]).toMatchObject({
    status: 'PRESENT',
    values: { shown_1h: 0, bid_mean_1h: null },
    windows: [
      { tiles: 0, oldest_tile: null },
      { tiles: 0, oldest_tile: null },
    ],
  });
});

test('an entity without events is shown as one, beside the views that have rows', async ({
  windows,
  database,
}) => {
  const { project, onlineStore, clock } = windows;
  const logger = createLogger('test', { level: 'silent' });
  const offlineStore = createOfflineStore({ databaseUrl: database.url, logger });
  onTestFinished(async () => offlineStore.close());
  await migrate(offlineStore);
  const deps = { manifest: project.manifest, onlineStore, offlineStore, clock };
  await putRows(onlineStore, project, [
    { ref: 'ad_image@1', keys: { ad_id: 'quiet' }, values: { brightness: 0.5 } },
  ]);
  const { missing } = await inspectEntity(deps, 'ad', 'quiet');
  expect(missing).toMatchObject([{ ref: 'ad_stats@1', reason: 'no_events' }]);
  expect(missing[0]?.detail).toContain('no events of ad_events');
  await expect(inspectEntity(deps, 'ad', 'nobody')).rejects.toMatchObject({ code: 'ENTITY_NOT_FOUND' });
});

function startOfTile(ms: number, hopMs: number): string {
  return new Date(ms - (ms % hopMs)).toISOString();
}

test('a damaged row is unreadable: answered from defaults, with the reason, and shown as such', async ({
  windows,
  database,
  redis,
}) => {
  const { project, onlineStore, clock, adPace } = windows;
  clock.atMs = 1_795_200_000_000;
  await putEvents(windows, 'hurt', [{ atMs: clock.atMs, bid: 2, user: 'y' }]);
  const client = connectRedis(redis.url, { role: 'tool' });
  onTestFinished(() => client.disconnect());
  const key = `larder:${project.name}:{ad:hurt}`;
  const row = (await client.hgetBuffer(key, 'ad_stats@1')) as Buffer;
  await client.hset(key, 'ad_stats@1', row.subarray(0, -3));
  const { rows } = await adPace.predict({ rows: [{ entities: { ad_id: 'hurt' } }] });
  expect(rows[0]).toMatchObject({ degradedReasons: ['ad_image@1:NOT_FOUND', 'ad_stats@1:UNREADABLE'] });

  const logger = createLogger('test', { level: 'silent' });
  const offlineStore = createOfflineStore({ databaseUrl: database.url, logger });
  onTestFinished(async () => offlineStore.close());
  await migrate(offlineStore);
  const deps = { manifest: project.manifest, onlineStore, offlineStore, clock };
  const { views } = await inspectEntity(deps, 'ad', 'hurt');
  expect(views[0]).toMatchObject({ status: 'UNREADABLE', values: null });
  expect(views[0]).not.toHaveProperty('windows');
});

test('the log keeps windows by value, and no pointer for an entity without events', async ({
  windows,
  database,
}) => {
  const { project, onlineStore, clock } = windows;
  clock.atMs = Date.now();
  await putEvents(windows, 'logged', [{ atMs: clock.atMs - MINUTE, bid: 0.25, user: 'y' }]);
  const logger = createLogger('test', { level: 'silent' });
  const store = createOfflineStore({ databaseUrl: database.url, logger });
  onTestFinished(async () => store.close());
  await migrate(store);
  const predictionLog = createPredictionLog({ store, project: project.name, logger });
  const predictor = await fixturePredictor({ project, onlineStore, model: 'ad_pace', predictionLog, clock });
  onTestFinished(async () => predictor.runner.close());
  await predictor.predict({ rows: ['logged', 'never-seen'].map((ad_id) => ({ entities: { ad_id } })) });
  await predictionLog.close();
  const { rows } = await store.pool.query(
    `select scalars, views->1 as view from larder.predictions order by prediction_id`,
  );
  expect(rows).toEqual([
    {
      scalars: [0.5, 1, 1, 0.25, 0.25, 0.25, 0.25, 0.25, 0.25, 0.25, 0.25, 1, 1, 1, 1],
      view: {
        ref: 'ad_stats@1',
        status: 'PRESENT',
        event_timestamp_ms: clock.atMs - MINUTE,
        created_timestamp_ms: clock.atMs - MINUTE + 2,
        revision: 7,
      },
    },
    {
      scalars: [0.5, 0, 0, 0, 0, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0],
      view: {
        ref: 'ad_stats@1',
        status: 'PRESENT',
        event_timestamp_ms: null,
        created_timestamp_ms: null,
        revision: null,
      },
    },
  ]);

  const [answered] = (
    await store.pool.query<{ prediction_id: string }>(
      'select prediction_id from larder.predictions order by prediction_id limit 1',
    )
  ).rows;
  const logged = await findPrediction(store, {
    project: project.name,
    predictionId: answered?.prediction_id ?? '',
  });
  if (logged === null) throw new Error('The log lacks the prediction.');
  const { features } = await showPrediction(store, logged, { manifest: project.manifest });
  expect(features?.find(({ ref }) => ref === 'ad_stats@1:bid_mean_1h')).toMatchObject({
    value: 0.25,
    status: 'PRESENT',
    source: 'online',
    value_from: 'log',
    age_ms: MINUTE,
  });
});
