import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { createLogger, LarderError, newId } from '@larder/core';
import type { FeatureViewManifest } from '@larder/features';
import { announceProcess, appendHistory, createOfflineStore, ensureHistory } from '@larder/offline-store';
import { row } from '@larder/offline-store/testing';
import { expect, onTestFinished } from 'vitest';
import {
  HOUR_MS,
  SUCCEEDED,
  image,
  kinds,
  manifestOf,
  run,
  statusOf,
  test,
  work,
} from '../../fixtures/image-project.ts';
import type { MemoryStanding } from './full-redis.ts';
import { readStatus } from './read-status.ts';
import { statusJson } from './status-json.ts';

const logger = createLogger('test', { level: 'silent' });

test('a project that does well has no problems', async ({ store, project }) => {
  const manifest = manifestOf(project, { ...image, freshness_objective_ms: HOUR_MS });
  await work(store, project, image);
  await run(store, project, SUCCEEDED);
  const status = await statusOf(store, manifest);
  expect(status.problems).toEqual([]);
  expect(status.standing).toMatchObject({
    processes: { workers: 1, slots: 2, inference: 0 },
    views: { ages: [{ ref: 'ad_image@1', filled: true, stale: false }] },
    runs: { open: 0, held: 0, waiting: 0 },
  });
});

test('a view is stale when neither an event nor a whole run is newer than its objective', async ({
  store,
  project,
}) => {
  const manifest = manifestOf(project, { ...image, freshness_objective_ms: HOUR_MS });
  await work(store, project, image);
  const old = new Date(Date.now() - 3 * HOUR_MS);
  await store.pool.query(
    `insert into larder.view_freshness (project, view, version, newest_event_timestamp) values ($1, 'ad_image', 1, $2)`,
    [project, old],
  );
  const { problems } = await statusOf(store, manifest);
  expect(problems).toMatchObject([
    {
      kind: 'view_stale',
      severity: 'act',
      subject: 'ad_image@1',
      since: new Date(old.getTime() + HOUR_MS),
      detail: expect.stringMatching(/^the newest that is known is 3h old; its objective is 1h$/) as string,
      next: 'larder runs --view ad_image@1',
    },
  ]);
  // A run over the same source that found nothing newer.
  await run(store, project, SUCCEEDED);
  expect(await kinds(store, manifest)).toEqual([]);
});

test('a view that was just added has the time of its objective to be filled', async ({ store, project }) => {
  const manifest = manifestOf(project, { ...image, freshness_objective_ms: HOUR_MS });
  await work(store, project, image);
  await store.pool.query(
    `insert into larder.view_freshness (project, view, version, newest_event_timestamp)
     values ($1, 'ad_image', 1, now() - interval '3 hours')`,
    [project],
  );
  const added = async (before: string) => {
    await store.pool.query(
      `with added as (insert into larder.manifests (project, manifest, changes, same_meaning, actor)
         values ($1, '{}', '[]', '{}', 'test') returning id)
       insert into larder.view_versions (project, view, version, definition, manifest_id, created_at)
         select $1, 'ad_image', 1, '{}', id, now() - $2::interval from added
       on conflict (project, view, version) do update set created_at = excluded.created_at`,
      [project, before],
    );
    return (await statusOf(store, manifest)).problems.map(({ kind }) => kind);
  };
  expect(await added('10 minutes')).toEqual([]);
  expect(await added('2 hours')).toEqual(['view_stale']);
});

test('a Redis without rows that history has is a problem, unless they may have expired', async ({
  store,
  project,
}) => {
  const asked = async (each: FeatureViewManifest, holdsNoRows: () => Promise<boolean>) => {
    const { problems } = await readStatus({
      project,
      store,
      applied: () => Promise.resolve(manifestOf(project, each)),
      checkRedis: () => Promise.resolve(),
      holdsNoRows,
    });
    return problems.map(({ kind, next }) => `${kind}: ${next}`);
  };
  const lasting = { ...image, ttl_ms: 'forever' as const };
  const none = () => Promise.resolve(true);
  await work(store, project, image);
  await ensureHistory(store, manifestOf(project, image), image);
  expect(await asked(lasting, none)).toEqual([]);
  await store.pool.query(
    `insert into larder.view_freshness (project, view, version, rows_online) values ($1, 'ad_image', 1, 3)`,
    [project],
  );
  // Landed once, and forgotten since.
  expect(await asked(lasting, none)).toEqual([]);
  await store.transaction((tx) =>
    appendHistory(tx, manifestOf(project, image), image, [
      row('ad-1', { eventTimestampMs: Date.now(), createdTimestampMs: Date.now() }),
    ]),
  );
  expect(await asked(lasting, none)).toEqual(['redis_emptied: larder restore']);
  const expiring = { ...image, ttl_ms: HOUR_MS };
  expect(await asked(expiring, none)).toEqual([]);
  await store.pool.query(
    `update larder.view_freshness set newest_event_timestamp = now() - interval '20 minutes',
       newest_landed_at = now() - interval '10 minutes', newest_online_at = now() - interval '9 minutes'
     where project = $1`,
    [project],
  );
  expect(await asked(expiring, none)).toEqual(['redis_emptied: larder restore']);
  expect(await asked({ ...image, ttl_ms: HOUR_MS / 2 }, none)).toEqual([]);
  await store.pool.query(`update larder.view_freshness set newest_landed_at = now() where project = $1`, [
    project,
  ]);
  // On its way to Redis.
  expect(await asked(expiring, none)).toEqual([]);
  expect(await asked(lasting, () => Promise.resolve(false))).toEqual([]);
  const away = new LarderError('ONLINE_STORE_UNAVAILABLE', 'away');
  expect(await asked(lasting, () => Promise.reject(away))).toEqual([]);
});

test('a Redis near its maxmemory is noted, and one that refuses writes needs a person', async ({
  store,
  project,
}) => {
  const asked = async (redisMemory: () => Promise<MemoryStanding>) => {
    const { problems } = await readStatus({
      project,
      store,
      applied: () => Promise.resolve(null),
      checkRedis: () => Promise.resolve(),
      redisMemory,
    });
    return problems
      .filter(({ subject }) => subject === 'Redis')
      .map(({ kind, severity }) => [kind, severity]);
  };
  const used = (usedBytes: number, limitBytes: number | null = 1e9) =>
    Promise.resolve({ usedBytes, limitBytes });
  expect(await asked(() => used(8e8))).toEqual([]);
  expect(await asked(() => used(8e8, null))).toEqual([]);
  expect(await asked(() => used(9.1e8))).toEqual([['redis_full', 'note']]);
  expect(await asked(() => used(1e9))).toEqual([['redis_full', 'act']]);
  expect(await asked(() => Promise.reject(new LarderError('ONLINE_STORE_UNAVAILABLE', 'away')))).toEqual([]);
});

test('what PostgreSQL has to keep up with', async ({ store, project }) => {
  const manifest = manifestOf(project, image);
  await work(store, project, image);
  await store.pool.query(
    `insert into larder.erasures (receipt_id, project, entity, key_hash, entity_key, status, actor, reason, requested_at)
     values (gen_random_uuid(), $1, 'ad', decode(repeat('00', 32), 'hex'), 'k', 'running', 'a', 'b', now() - interval '1 hour')`,
    [project],
  );
  await store.pool.query(
    'update larder.processes set log_dropped = 3, log_dropped_at = now() where project = $1',
    [project],
  );
  expect(await kinds(store, manifest)).toEqual(['erasure_unfinished']);
});

test('rows that Redis has not confirmed, and a chain that does not follow', async ({ store, project }) => {
  const manifest = manifestOf(project, image);
  await work(store, project, image);
  const runId = await run(store, project, { status: 'running', started_at: new Date() });
  const landed = async (before: string) => {
    await store.pool.query(
      `insert into larder.chunks (run_id, ordinal, bounds, state, rows_total, rows_done, landed_at)
       values ($1, 0, '{}', 'landed_history', 10, 10, now() - $2::interval)
       on conflict (run_id, ordinal) do update set landed_at = excluded.landed_at`,
      [runId, before],
    );
    return (await statusOf(store, manifest)).problems;
  };
  expect(await landed('10 seconds')).toEqual([]);
  expect(await landed('1 hour')).toMatchObject([
    { kind: 'online_behind', subject: 'ad_image@1', next: `larder runs ${runId}` },
  ]);
  await store.pool.query(`update larder.chunks set state = 'done' where run_id = $1`, [runId]);
  await store.pool.query(
    `insert into larder.chains (project, view, version, fingerprint, cursor) values ($1, 'ad_image', 1, 'f', '4')`,
    [project],
  );
  await store.pool.query(
    `select larder.add_partition('changes', '2000_01_01', now() - interval '1 day', now() + interval '1 day')`,
  );
  const numbered = async (position: number, before: string) => {
    await store.pool.query(
      `insert into larder.changes (project, position, kind, view, version, recorded_at, numbered_at)
       values ($1, $2, 'dropped', 'ad_text', 1, now() - $3::interval, now() - $3::interval)`,
      [project, position, before],
    );
    return (await statusOf(store, manifest)).problems;
  };
  // Read already, and not yet due.
  expect(await numbered(4, '2 minutes')).toEqual([]);
  expect(await numbered(5, '1 second')).toEqual([]);
  expect(await numbered(6, '2 minutes')).toEqual([]);
  await store.pool.query(`update larder.chains set cursor = '5' where project = $1`, [project]);
  expect(await statusOf(store, manifest)).toMatchObject({
    problems: [
      {
        kind: 'chain_behind',
        subject: 'ad_image@1',
        since: expect.any(Date),
        next: 'larder ps --computes ad_image@1',
      },
    ],
  });
});

test('entries of the prediction log that were dropped in the last hour', async ({ store, project }) => {
  const manifest = manifestOf(project);
  const inference = announceProcess(
    store,
    { processId: newId(), project, role: 'inference', describe: () => ({}) },
    { logger },
  );
  onTestFinished(() => inference.close());
  await expect
    .poll(
      async () =>
        (await store.pool.query('select from larder.processes where project = $1', [project])).rowCount,
    )
    .toBe(1);
  const dropped = async (before: string) => {
    await store.pool.query(
      'update larder.processes set log_dropped = 3, log_dropped_at = now() - $2::interval where project = $1',
      [project, before],
    );
    return (await statusOf(store, manifest)).problems;
  };
  expect(await dropped('2 hours')).toEqual([]);
  expect(await dropped('10 minutes')).toMatchObject([
    {
      kind: 'predictions_not_logged',
      detail: expect.stringMatching(/^3 entries were dropped, the last 10m.* ago$/) as string,
      since: expect.any(Date),
    },
  ]);
});

test('what waits for the workers is told, and nothing where nothing does', async ({ store, project }) => {
  const manifest = manifestOf(project, image);
  await work(store, project, image);
  const queue = async () => statusJson(await statusOf(store, manifest)).queue;
  expect(await queue()).toEqual({ work_seconds: 0, rows: 0, oldest_age_seconds: 0 });
  const runId = await run(store, project, {
    status: 'running',
    started_at: new Date(),
    planned_at: new Date(),
  });
  await store.pool.query(
    `insert into larder.chunks (run_id, ordinal, bounds, state, rows_total, not_before)
     values ($1, 0, '{}', 'pending', 2000, now() - interval '1 hour')`,
    [runId],
  );
  // A row that is only copied is assumed to take a millisecond.
  const waiting = await queue();
  expect(waiting).toMatchObject({ work_seconds: 2, rows: 2_000 });
  expect(waiting?.oldest_age_seconds).toBeGreaterThanOrEqual(3_600);
});

test('stores that are away are problems, not failures', async ({ store, project }) => {
  const manifest = manifestOf(project, image);
  await work(store, project, image);
  const redisAway = await readStatus({
    project,
    store,
    applied: () => Promise.resolve(manifest),
    checkRedis: () => Promise.reject(new Error('connect ECONNREFUSED')),
  });
  expect(redisAway).toMatchObject({
    redis: { state: 'away' },
    standing: {},
    problems: [{ kind: 'redis_away' }],
  });

  // Accepts connections and says nothing.
  const hung = createServer();
  await new Promise<void>((resolve) => hung.listen(0, '127.0.0.1', resolve));
  const { port } = hung.address() as AddressInfo;
  const silent = createOfflineStore({ databaseUrl: `postgresql://a@127.0.0.1:${port}/b`, logger });
  onTestFinished(async () => {
    await silent.close();
    hung.close();
  });
  const status = await readStatus({
    project,
    store: silent,
    applied: () => Promise.resolve(manifest),
    checkRedis: () => Promise.resolve(),
    deadlineMs: 300,
  });
  expect(status).toMatchObject({ database: { state: 'away' }, redis: { state: 'ok' }, standing: null });
  expect(status.problems.map(({ kind }) => kind)).toEqual(['database_away']);
});
