import { once } from 'node:events';
import { createLogger, newId } from '@larder/core';
import { test } from '@larder/testing';
import { from as copyFrom } from 'pg-copy-streams';
import { describe, expect } from 'vitest';
import { createOfflineStore, limitSilence, migrate } from '@larder/offline-store';
import {
  claimChunk,
  claimRunToPlan,
  createRun,
  dispatchChunks,
  endFrozenLandings,
  expireLeases,
  lockChunk,
  savePlan,
} from '../index.ts';

const VIEW = { view: 'ad_image', version: 1, fingerprint: 'f1' };
const project = 'ads';

describe('a process frozen in the middle of COPY', () => {
  test('loses its session, so that another process can compute the chunk', async ({ database }) => {
    const store = createOfflineStore({
      databaseUrl: database.url,
      logger: createLogger('test', { level: 'silent' }),
    });
    await migrate(store);
    await createRun(store, {
      ...VIEW,
      runId: newId(),
      project,
      trigger: 'backfill',
      scope: { all: true },
      rowLimit: null,
      priority: 50,
      maxRowsPerSecond: null,
      force: false,
      idempotencyKey: null,
      requestSha256: 'a',
    });
    const run = await claimRunToPlan(store, { project, views: [VIEW], leaseMs: 10_000 });
    if (!run) throw new Error('Nothing to plan.');
    await savePlan(store, run, [{ bounds: {}, rows: 1 }]);
    const [attempt] = await dispatchChunks(store, { project, views: [VIEW], dispatcher: 'w', slots: 1 });
    if (!attempt) throw new Error('Nothing was dispatched.');
    await claimChunk(store, attempt, { worker: 'w', leaseMs: 0 });

    const copying = Promise.withResolvers<void>();
    const frozen = store.transaction(async (tx) => {
      await limitSilence(tx, 50);
      await lockChunk(tx, attempt);
      const copy = tx.client.query(copyFrom('copy larder.row_failures (code) from stdin'));
      copy.write('x');
      copying.resolve();
      await once(copy, 'finish');
    });
    const outcome = frozen.then(
      () => 'committed',
      () => 'ended',
    );
    await copying.promise;
    expect(await endFrozenLandings(store, { project, overdueMs: 60_000 })).toEqual([]);
    expect(await endFrozenLandings(store, { project: 'other', overdueMs: 0 })).toEqual([]);
    await expect
      .poll(() => endFrozenLandings(store, { project, overdueMs: 0 }), { timeout: 60_000, interval: 20 })
      .toEqual([attempt.chunkId]);
    await expect
      .poll(() => expireLeases(store, { project, backoffMs: 0 }), { timeout: 60_000, interval: 20 })
      .toMatchObject([{ chunkId: attempt.chunkId, state: 'pending' }]);
    expect(await outcome).toBe('ended');
    await store.close();
  });
});
