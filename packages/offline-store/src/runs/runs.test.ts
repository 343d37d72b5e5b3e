import { createLogger, newId } from '@larder/core';
import { test as base } from '@larder/testing';
import { sql } from 'kysely';
import { describe, expect } from 'vitest';
import { createOfflineStore, type OfflineStore } from '../offline-store.ts';
import { migrate } from '../migrate.ts';
import {
  cancelRun,
  claimChunk,
  claimLandedChunks,
  claimRunToPlan,
  claimStaleDispatches,
  completeChunk,
  createRun,
  dispatchChunks,
  expireLeases,
  failChunk,
  failUnloadedRuns,
  finishRuns,
  getRun,
  giveBackChunk,
  heartbeatChunk,
  listFailures,
  listRetriedRows,
  listRuns,
  lockChunk,
  pauseRun,
  recordLanding,
  resumeRun,
  retryFailed,
  savePlan,
  type ChunkAttempt,
  type LandedFailure,
  type NewRun,
} from './index.ts';

const test = base.extend<{ $file: { store: OfflineStore }; $test: { project: string } }>({
  store: [
    async ({ database }, use) => {
      const store = createOfflineStore({
        databaseUrl: database.url,
        logger: createLogger('test', { level: 'silent' }),
      });
      await migrate(store);
      await use(store);
      await store.close();
    },
    { scope: 'file' },
  ],
  // oxlint-disable-next-line no-empty-pattern
  project: async ({}, use) => use(`p${newId()}`),
});

const VIEW = { view: 'ad_image', version: 1, fingerprint: 'f1' };
const LEASE_MS = 10_000;
const BROKEN = { code: 'SOURCE_UNAVAILABLE', reason: 'away', retryable: true, backoffMs: 0 };

function newRun(project: string, overrides: Partial<NewRun> = {}): NewRun {
  return {
    runId: newId(),
    project,
    ...VIEW,
    trigger: 'backfill',
    scope: { all: true },
    rowLimit: null,
    priority: 50,
    maxRowsPerSecond: null,
    force: false,
    idempotencyKey: null,
    requestSha256: 'a',
    ...overrides,
  };
}

async function plannedRun(
  store: OfflineStore,
  project: string,
  chunks: number,
  overrides: Partial<NewRun> = {},
): Promise<string> {
  const { runId } = await createRun(store, newRun(project, overrides));
  const run = await claimRunToPlan(store, { project, views: [VIEW], leaseMs: LEASE_MS });
  if (run?.runId !== runId) throw new Error('Another run was queued.');
  await savePlan(
    store,
    run,
    Array.from({ length: chunks }, (_, i) => ({ bounds: { chunk: i }, rows: 10 })),
  );
  return runId;
}

function dispatch(
  store: OfflineStore,
  project: string,
  options: { slots?: number; dispatcher?: string } = {},
): Promise<ChunkAttempt[]> {
  return dispatchChunks(store, {
    project,
    views: [VIEW],
    dispatcher: options.dispatcher ?? `w-${project}`,
    slots: options.slots ?? 10,
  });
}

const claim = (store: OfflineStore, attempt: ChunkAttempt) =>
  claimChunk(store, attempt, { worker: 'w', leaseMs: LEASE_MS });

async function land(
  store: OfflineStore,
  runId: string,
  attempt: ChunkAttempt,
  failures: LandedFailure[] = [],
): Promise<boolean> {
  const landed = await store.transaction(async (tx) => {
    if (!(await lockChunk(tx, attempt))) return false;
    const counts = { done: 10 - failures.length, failed: failures.length, skipped: 0, duplicate: 0 };
    await recordLanding(tx, { runId, chunkId: attempt.chunkId, counts, failures, leaseMs: LEASE_MS });
    return true;
  });
  if (landed) await completeChunk(store, attempt.chunkId);
  return landed;
}

const badPicture = (key: string): LandedFailure => ({
  entityKey: key,
  keys: [key],
  eventTimestampMs: 1_700_000_000_123,
  code: 'PICTURE_UNREADABLE',
  reason: 'cut off',
  retryable: false,
});

async function expire(store: OfflineStore, chunkId: number): Promise<void> {
  await sql`update larder.chunks set lease_expires_at = now() - interval '1 second', dispatched_at = now() - interval '1 hour'
    where chunk_id = ${chunkId}`.execute(store.db);
}

describe('a run', () => {
  test('goes from queued to succeeded', async ({ store, project }) => {
    const { runId, status } = await createRun(store, newRun(project));
    expect(status).toBe('queued');
    expect(await getRun(store, project, runId)).toMatchObject({
      status: 'queued',
      rows: { total: null, done: 0 },
      startedAt: null,
    });
    const run = await claimRunToPlan(store, { project, views: [VIEW], leaseMs: LEASE_MS });
    expect(await claimRunToPlan(store, { project, views: [VIEW], leaseMs: LEASE_MS })).toBeNull();
    if (!run) throw new Error('Nothing to plan.');
    expect(await savePlan(store, run, [{ bounds: { a: 1 }, rows: 10 }])).toBe(true);
    const [attempt] = await dispatch(store, project);
    if (!attempt) throw new Error('Nothing dispatched.');
    const chunk = await claim(store, attempt);
    expect(chunk).toMatchObject({
      ...attempt,
      runId,
      ...VIEW,
      bounds: { a: 1 },
      force: false,
      retryOf: null,
    });
    expect(
      await heartbeatChunk(store, attempt, {
        leaseMs: LEASE_MS,
        progress: { done: 4, failed: 1, skipped: 0 },
      }),
    ).toBe(true);
    const moving = await getRun(store, project, runId);
    expect(moving).toMatchObject({ status: 'running', rows: { total: 10, done: 4, failed: 1 } });
    expect(moving.etaSeconds).toBeGreaterThan(0);
    expect(await land(store, runId, attempt)).toBe(true);
    expect(await finishRuns(store, project)).toEqual([{ runId, status: 'succeeded' }]);
    expect(await finishRuns(store, project)).toEqual([]);
    const ended = await getRun(store, project, runId);
    expect(ended).toMatchObject({
      status: 'succeeded',
      rows: { total: 10, done: 10, failed: 0, skippedUnchanged: 0 },
      etaSeconds: null,
    });
    expect(ended.rowsPerSecond).toBeGreaterThan(0);
  });

  test('without rows succeeds', async ({ store, project }) => {
    const runId = await plannedRun(store, project, 0);
    expect(await finishRuns(store, project)).toEqual([{ runId, status: 'succeeded' }]);
  });

  test('is given once per idempotency key', async ({ store, project }) => {
    const first = await createRun(store, newRun(project, { idempotencyKey: 'k' }));
    expect((await createRun(store, newRun(project, { idempotencyKey: 'k' }))).runId).toBe(first.runId);
    await expect(
      createRun(store, newRun(project, { idempotencyKey: 'k', requestSha256: 'b' })),
    ).rejects.toMatchObject({
      code: 'IDEMPOTENCY_KEY_REUSED',
    });
    expect((await createRun(store, newRun(`${project}b`, { idempotencyKey: 'k' }))).runId).not.toBe(
      first.runId,
    );
  });

  test('is listed newest first, by pages', async ({ store, project }) => {
    const ids: string[] = [];
    for (let i = 0; i < 3; i++)
      ids.unshift((await createRun(store, newRun(project, { view: i === 1 ? 'other' : 'ad_image' }))).runId);
    const first = await listRuns(store, project, { limit: 2 });
    const second = await listRuns(store, project, { limit: 2, cursor: first.cursor ?? '' });
    expect([...first.runs, ...second.runs].map((run) => run.runId)).toEqual(ids);
    expect(second.cursor).toBeNull();
    expect((await listRuns(store, project, { view: 'other', status: 'queued' })).runs).toHaveLength(1);
    await expect(listRuns(store, project, { cursor: 'nonsense' })).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
    });
  });

  test('that is not there is said to be so', async ({ store, project }) => {
    for (const verb of [pauseRun, resumeRun, cancelRun, retryFailed])
      for (const runId of [newId(), "x' or true"])
        await expect(verb(store, project, runId)).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
    await expect(listFailures(store, project, 'x')).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
  });

  test('whose code nobody has fails after a while', async ({ store, project }) => {
    const { runId } = await createRun(store, newRun(project, { fingerprint: 'f2' }));
    expect(await claimRunToPlan(store, { project, views: [VIEW], leaseMs: LEASE_MS })).toBeNull();
    expect(await failUnloadedRuns(store, { project, views: [VIEW], graceMs: 60_000 })).toEqual([]);
    expect(await failUnloadedRuns(store, { project, views: [], graceMs: 0 })).toEqual([runId]);
    expect(await getRun(store, project, runId)).toMatchObject({
      status: 'failed',
      error: { code: 'DEFINITION_NOT_LOADED' },
    });
    await retryFailed(store, project, runId);
    expect((await getRun(store, project, runId)).status).toBe('queued');
  });
});

describe('dispatching', () => {
  test('keeps at most its slots waiting and takes priority, then age', async ({ store, project }) => {
    const later = await plannedRun(store, project, 3, { priority: 10 });
    const urgent = await plannedRun(store, project, 2, { priority: 90 });
    const first = await dispatch(store, project, { slots: 3 });
    expect(await dispatch(store, project, { slots: 3 })).toEqual([]);
    const runs = await Promise.all(first.map((attempt) => claim(store, attempt)));
    expect(runs.map((chunk) => chunk?.runId)).toEqual([urgent, urgent, later]);
    expect(await dispatch(store, project, { slots: 3 })).toHaveLength(2);
  });

  test('by two processes at once hands out no attempt twice', async ({ store, project }) => {
    await plannedRun(store, project, 200);
    const taken: ChunkAttempt[] = [];
    const loop = async (dispatcher: string) => {
      for (let i = 0; i < 12; i++) {
        const got = await dispatch(store, project, { dispatcher: `${project}-${dispatcher}`, slots: 10 });
        taken.push(...got);
        await Promise.all(got.map((attempt) => claim(store, attempt)));
      }
    };
    await Promise.all([loop('a'), loop('b'), loop('c')]);
    const names = taken.map(({ chunkId, attempt }) => `${chunkId}-${attempt}`);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toHaveLength(200);
  });

  test('leaves other fingerprints to others', async ({ store, project }) => {
    await plannedRun(store, project, 1);
    expect(
      await dispatchChunks(store, {
        project,
        views: [{ ...VIEW, fingerprint: 'f2' }],
        dispatcher: 'x',
        slots: 5,
      }),
    ).toEqual([]);
    expect(await dispatchChunks(store, { project, views: [], dispatcher: 'x', slots: 5 })).toEqual([]);
  });

  test('slows a run down to its rows per second', async ({ store, project }) => {
    const runId = await plannedRun(store, project, 3, { maxRowsPerSecond: 1 });
    expect(await dispatch(store, project)).toHaveLength(1);
    expect(await dispatch(store, project)).toHaveLength(0);
    const { rows } = await sql<{ wait: number }>`
      select extract(epoch from next_dispatch_at - now())::float8 as wait from larder.runs where run_id = ${runId}`.execute(
      store.db,
    );
    expect(rows[0]?.wait).toBeGreaterThan(8);
    expect(rows[0]?.wait).toBeLessThanOrEqual(10);
  });
});

describe('an attempt', () => {
  test('is claimed once, however often it is delivered', async ({ store, project }) => {
    await plannedRun(store, project, 1);
    const [attempt] = await dispatch(store, project);
    if (!attempt) throw new Error('Nothing dispatched.');
    const claims = await Promise.all([claim(store, attempt), claim(store, attempt), claim(store, attempt)]);
    expect(claims.filter(Boolean)).toHaveLength(1);
  });

  test('that lost its lease cannot land, progress or fail the newer one', async ({ store, project }) => {
    const runId = await plannedRun(store, project, 1);
    const [late] = await dispatch(store, project);
    if (!late) throw new Error('Nothing dispatched.');
    await claim(store, late);
    await expire(store, late.chunkId);
    expect(await expireLeases(store, { project, backoffMs: 0 })).toMatchObject([
      { chunkId: late.chunkId, state: 'pending' },
    ]);
    expect(await land(store, runId, late)).toBe(false);
    const [newer] = await dispatch(store, project);
    expect(newer).toEqual({ chunkId: late.chunkId, attempt: late.attempt + 1 });
    if (!newer) throw new Error('Nothing dispatched.');
    await claim(store, newer);
    expect(await land(store, runId, late)).toBe(false);
    expect(
      await heartbeatChunk(store, late, { leaseMs: LEASE_MS, progress: { done: 9, failed: 0, skipped: 0 } }),
    ).toBe(false);
    expect(await failChunk(store, late, BROKEN)).toBeNull();
    expect(await giveBackChunk(store, late)).toBe(false);
    expect(await land(store, runId, newer)).toBe(true);
  });

  test('breaks five times, then the chunk fails with its reason', async ({ store, project }) => {
    const runId = await plannedRun(store, project, 1);
    for (let i = 1; i <= 5; i++) {
      const [attempt] = await dispatch(store, project);
      if (!attempt) throw new Error('Nothing dispatched.');
      await claim(store, attempt);
      expect(await failChunk(store, attempt, BROKEN)).toMatchObject({ state: i < 5 ? 'pending' : 'failed' });
    }
    await finishRuns(store, project);
    expect(await getRun(store, project, runId)).toMatchObject({
      status: 'failed',
      rows: { total: 10, failed: 10 },
    });
    expect((await listFailures(store, project, runId)).failures).toMatchObject([
      { key: null, code: 'SOURCE_UNAVAILABLE', attempts: 5, reason: 'Chunk 0 (10 rows): away' },
    ]);
    await retryFailed(store, project, runId);
    const [again] = await dispatch(store, project);
    expect(again?.attempt).toBe(6);
    expect((await listFailures(store, project, runId)).failures).toEqual([]);
  });

  test('waits longer after each break, and not at all when it was handed back', async ({
    store,
    project,
  }) => {
    await plannedRun(store, project, 1);
    const [attempt] = await dispatch(store, project);
    if (!attempt) throw new Error('Nothing dispatched.');
    await claim(store, attempt);
    expect(await giveBackChunk(store, attempt)).toBe(true);
    const [second] = await dispatch(store, project);
    if (!second) throw new Error('Nothing dispatched.');
    await claim(store, second);
    await failChunk(store, second, { ...BROKEN, backoffMs: 60_000 });
    expect(await dispatch(store, project)).toEqual([]);
  });

  test('that nobody claimed is found again, by one watchdog', async ({ store, project }) => {
    await plannedRun(store, project, 1);
    const [attempt] = await dispatch(store, project);
    if (!attempt) throw new Error('Nothing dispatched.');
    await expire(store, attempt.chunkId);
    const options = { project, olderThanMs: 60_000, limit: 10 };
    const found = await Promise.all([
      claimStaleDispatches(store, options),
      claimStaleDispatches(store, options),
    ]);
    expect(found.flat()).toEqual([attempt]);
  });

  test('that landed in history only is held by one watchdog at a time', async ({ store, project }) => {
    const runId = await plannedRun(store, project, 1);
    const [attempt] = await dispatch(store, project);
    if (!attempt) throw new Error('Nothing dispatched.');
    await claim(store, attempt);
    await store.transaction(async (tx) => {
      await lockChunk(tx, attempt);
      const counts = { done: 10, failed: 0, skipped: 0, duplicate: 0 };
      await recordLanding(tx, { runId, chunkId: attempt.chunkId, counts, failures: [], leaseMs: LEASE_MS });
    });
    const options = { project, views: [VIEW], leaseMs: LEASE_MS, limit: 10 };
    expect(await claimLandedChunks(store, options)).toEqual([]);
    await expire(store, attempt.chunkId);
    expect(await expireLeases(store, { project, backoffMs: 0 })).toEqual([]);
    const held = await Promise.all([claimLandedChunks(store, options), claimLandedChunks(store, options)]);
    expect(held.flat()).toEqual([{ chunkId: attempt.chunkId, runId, ...VIEW }]);
  });
});

describe('pause, resume, cancel', () => {
  test('pause hands out nothing more and takes back what waits', async ({ store, project }) => {
    const runId = await plannedRun(store, project, 3);
    const [waiting, computing] = await dispatch(store, project, { slots: 2 });
    if (!waiting || !computing) throw new Error('Nothing dispatched.');
    await claim(store, computing);
    await pauseRun(store, project, runId);
    await pauseRun(store, project, runId);
    expect(await claim(store, waiting)).toBeNull();
    expect(await dispatch(store, project)).toEqual([]);
    expect(await land(store, runId, computing)).toBe(true);
    await resumeRun(store, project, runId);
    await resumeRun(store, project, runId);
    const rest = await dispatch(store, project);
    expect(rest).toContainEqual({ chunkId: waiting.chunkId, attempt: waiting.attempt + 1 });
    for (const attempt of rest) {
      await claim(store, attempt);
      await land(store, runId, attempt);
    }
    await finishRuns(store, project);
    expect(await getRun(store, project, runId)).toMatchObject({ status: 'succeeded', rows: { done: 30 } });
    await expect(pauseRun(store, project, runId)).rejects.toMatchObject({ code: 'RUN_STATE_CONFLICT' });
    await expect(resumeRun(store, project, runId)).rejects.toMatchObject({ code: 'RUN_STATE_CONFLICT' });
    await expect(cancelRun(store, project, runId)).rejects.toMatchObject({ code: 'RUN_STATE_CONFLICT' });
  });

  test('pause during planning keeps the plan', async ({ store, project }) => {
    const { runId } = await createRun(store, newRun(project));
    const run = await claimRunToPlan(store, { project, views: [VIEW], leaseMs: LEASE_MS });
    await pauseRun(store, project, runId);
    if (!run) throw new Error('Nothing to plan.');
    expect(await savePlan(store, run, [{ bounds: {}, rows: 10 }])).toBe(true);
    expect(await getRun(store, project, runId)).toMatchObject({ status: 'paused', rows: { total: 10 } });
    await resumeRun(store, project, runId);
    expect(await dispatch(store, project)).toHaveLength(1);
  });

  test('cancel takes running chunks away and keeps what landed', async ({ store, project }) => {
    const runId = await plannedRun(store, project, 3);
    const [landed, running] = await dispatch(store, project, { slots: 2 });
    if (!landed || !running) throw new Error('Nothing dispatched.');
    await claim(store, landed);
    await land(store, runId, landed);
    await claim(store, running);
    await cancelRun(store, project, runId);
    await cancelRun(store, project, runId);
    expect(await land(store, runId, running)).toBe(false);
    expect(await dispatch(store, project)).toEqual([]);
    expect(await getRun(store, project, runId)).toMatchObject({
      status: 'cancelled',
      rows: { total: 30, done: 10 },
    });
    await expect(retryFailed(store, project, runId)).rejects.toMatchObject({ code: 'RUN_STATE_CONFLICT' });
  });

  test('cancel during planning discards the plan', async ({ store, project }) => {
    const { runId } = await createRun(store, newRun(project));
    const run = await claimRunToPlan(store, { project, views: [VIEW], leaseMs: LEASE_MS });
    await cancelRun(store, project, runId);
    if (!run) throw new Error('Nothing to plan.');
    expect(await savePlan(store, run, [{ bounds: {}, rows: 10 }])).toBe(false);
    expect((await getRun(store, project, runId)).status).toBe('cancelled');
  });
});

describe('failed rows', () => {
  test('are listed by pages and retried alone, counting their attempts', async ({ store, project }) => {
    const runId = await plannedRun(store, project, 2);
    const failures = [badPicture('a'), badPicture('b'), { ...badPicture('c'), entityKey: null, keys: null }];
    for (const attempt of await dispatch(store, project)) {
      await claim(store, attempt);
      await land(store, runId, attempt, attempt.chunkId % 2 === 0 ? failures : []);
    }
    await finishRuns(store, project);
    expect(await getRun(store, project, runId)).toMatchObject({
      status: 'partial',
      rows: { total: 20, done: 17, failed: 3 },
    });
    const first = await listFailures(store, project, runId, { limit: 2 });
    const second = await listFailures(store, project, runId, { limit: 2, cursor: first.cursor ?? '' });
    expect([...first.failures, ...second.failures].map((failure) => failure.key)).toEqual(['a', 'b', null]);

    await retryFailed(store, project, runId);
    await retryFailed(store, project, runId);
    expect(await getRun(store, project, runId)).toMatchObject({
      status: 'running',
      rows: { total: 20, done: 17, failed: 1 },
    });
    const [attempt, ...others] = await dispatch(store, project);
    expect(others).toEqual([]);
    if (!attempt) throw new Error('Nothing dispatched.');
    expect(await claim(store, attempt)).toMatchObject({ bounds: { kind: 'keys', keys: [['a'], ['b']] } });
    expect(await listRetriedRows(store, attempt.chunkId)).toEqual([
      { entityKey: 'a', eventTimestampMs: 1_700_000_000_123 },
      { entityKey: 'b', eventTimestampMs: 1_700_000_000_123 },
    ]);
    await store.transaction(async (tx) => {
      await lockChunk(tx, attempt);
      const counts = { done: 1, failed: 1, skipped: 0, duplicate: 0 };
      await recordLanding(tx, {
        runId,
        chunkId: attempt.chunkId,
        counts,
        failures: [badPicture('b')],
        leaseMs: LEASE_MS,
      });
    });
    await completeChunk(store, attempt.chunkId);
    await finishRuns(store, project);
    expect(await getRun(store, project, runId)).toMatchObject({
      status: 'partial',
      rows: { total: 20, done: 18, failed: 2 },
    });
    expect(
      (await listFailures(store, project, runId)).failures.map(({ key, attempts }) => [key, attempts]),
    ).toEqual([
      [null, 1],
      ['b', 2],
    ]);
  });
});
