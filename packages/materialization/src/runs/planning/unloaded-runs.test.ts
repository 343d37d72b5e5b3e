import { describe, expect } from 'vitest';
import { LEASE_MS, VIEW, claim, dispatch, land, newRun, plannedRun, test } from '../../testing/runs.ts';
import {
  adoptFingerprintIn,
  claimRunToPlan,
  createRun,
  dispatchChunks,
  failUnloadedRuns,
  finishRuns,
  getRun,
  hasOpenRun,
  pauseRun,
  resumeRun,
  retryFailed,
  seeLoadedRuns,
} from '../index.ts';

const OTHERS = [{ ...VIEW, fingerprint: 'f2' }];

describe('a run whose code no process has', () => {
  test('fails after a while when it was never planned', async ({ store, project }) => {
    const { runId } = await createRun(store, newRun(project, { fingerprint: 'f2' }));
    expect(await claimRunToPlan(store, { project, views: [VIEW], leaseMs: LEASE_MS })).toBeNull();
    expect(await failUnloadedRuns(store, { project, views: [VIEW], graceMs: 60_000 })).toEqual([]);
    expect(await failUnloadedRuns(store, { project, views: [], graceMs: 0 })).toEqual([runId]);
    expect(await getRun(store, project, runId)).toMatchObject({
      status: 'failed',
      rows: { total: null },
      error: { code: 'DEFINITION_NOT_LOADED' },
    });
    await retryFailed(store, project, runId);
    expect((await getRun(store, project, runId)).status).toBe('queued');
  });

  test('fails with the connection that has no address, when that is why nobody takes it', async ({
    store,
    project,
  }) => {
    const { runId } = await createRun(store, newRun(project));
    const withoutSource = [{ ...VIEW, lacks: 'ads' }];
    expect(await failUnloadedRuns(store, { project, views: [], withoutSource, graceMs: 0 })).toEqual([runId]);
    expect((await getRun(store, project, runId)).error).toEqual({
      code: 'SOURCE_NOT_CONFIGURED',
      reason:
        'No worker has an address for the source of ad_image@1. Set LARDER_CONNECTION_ADS_URL where workers run, then retry.',
    });
  });

  test('fails when its code is gone while chunks are waiting, and frees the schedule', async ({
    store,
    project,
  }) => {
    const runId = await plannedRun(store, project, 3, { trigger: 'schedule' });
    const [landed, dispatched] = await dispatch(store, project, { slots: 2 });
    if (!landed || !dispatched) throw new Error('Nothing dispatched.');
    await claim(store, landed);
    await land(store, runId, landed);
    expect(await failUnloadedRuns(store, { project, views: OTHERS, graceMs: 0 })).toEqual([runId]);
    expect(await getRun(store, project, runId)).toMatchObject({
      status: 'failed',
      rows: { total: 30, done: 10, failed: 20 },
      error: { code: 'DEFINITION_NOT_LOADED', reason: expect.stringMatching(/ad_image@1/) },
    });
    expect(await hasOpenRun(store, { project, ...VIEW, trigger: 'schedule' })).toBe(false);
    expect(await claim(store, dispatched)).toBeNull();

    await retryFailed(store, project, runId);
    for (const attempt of await dispatch(store, project)) {
      await claim(store, attempt);
      await land(store, runId, attempt);
    }
    await finishRuns(store, project);
    expect(await getRun(store, project, runId)).toMatchObject({
      status: 'succeeded',
      rows: { total: 30, done: 30 },
      error: null,
    });
  });

  test('continues while any process has it, or computes a chunk', async ({ store, project }) => {
    const { runId } = await createRun(store, newRun(project));
    await claimRunToPlan(store, { project, views: [VIEW], leaseMs: LEASE_MS });
    expect(await failUnloadedRuns(store, { project, views: OTHERS, graceMs: 0 })).toEqual([]);
    expect((await getRun(store, project, runId)).status).toBe('queued');

    const computed = await plannedRun(store, `${project}b`, 1);
    const [attempt] = await dispatch(store, `${project}b`);
    if (!attempt) throw new Error('Nothing dispatched.');
    await claim(store, attempt);
    expect(await failUnloadedRuns(store, { project: `${project}b`, views: OTHERS, graceMs: 0 })).toEqual([]);
    await land(store, computed, attempt);

    const waiting = await plannedRun(store, `${project}c`, 1);
    const anHourAgo = `now() - interval '1 hour'`;
    await store.pool.query(
      `update larder.runs set queued_at = ${anHourAgo}, code_seen_at = ${anHourAgo} where run_id = $1`,
      [waiting],
    );
    await pauseRun(store, `${project}c`, waiting);
    const options = { project: `${project}c`, graceMs: 60_000 };
    await seeLoadedRuns(store, { ...options, views: [VIEW] });
    await resumeRun(store, `${project}c`, waiting);
    expect(await failUnloadedRuns(store, { ...options, views: OTHERS })).toEqual([]);
    await store.pool.query(`update larder.runs set code_seen_at = ${anHourAgo} where run_id = $1`, [waiting]);
    await seeLoadedRuns(store, { ...options, views: OTHERS });
    expect(await failUnloadedRuns(store, { ...options, views: OTHERS })).toEqual([waiting]);
  });
});

test('a run continues under a fingerprint of the same meaning', async ({ store, project }) => {
  const runId = await plannedRun(store, project, 2);
  const [first] = await dispatch(store, project, { slots: 1 });
  if (!first) throw new Error('Nothing dispatched.');
  await claim(store, first);
  const next = { ...VIEW, fingerprint: 'f2' };
  await store.transaction((tx) => adoptFingerprintIn(tx, { ...next, project }));
  expect(await land(store, runId, first)).toBe(true);
  expect(await dispatch(store, project)).toEqual([]);
  const [second] = await dispatchChunks(store, { project, views: [next], dispatcher: 'new', slots: 1 });
  if (!second) throw new Error('Nothing dispatched.');
  expect(await claim(store, second)).toMatchObject({ runId, fingerprint: 'f2' });
});
