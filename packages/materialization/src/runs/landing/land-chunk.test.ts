import { sql } from 'kysely';
import { describe, expect } from 'vitest';
import type { OfflineStore } from '@larder/offline-store';
import { BROKEN, LEASE_MS, badPicture, claim, dispatch, land, plannedRun, test } from '../../testing/runs.ts';
import { completeChunk, failChunk, recordLanding, type ChunkAttempt, type LandedFailure } from '../index.ts';

async function claimNext(store: OfflineStore, project: string): Promise<ChunkAttempt> {
  const [attempt] = await dispatch(store, project);
  if (!attempt) throw new Error('Nothing dispatched.');
  await claim(store, attempt);
  return attempt;
}

const passing = (key: string): LandedFailure => ({ ...badPicture(key), retryable: true });

describe('a landing', () => {
  test('counts the attempts of each row separately, and plans no sixth', async ({ store, project }) => {
    const runId = await plannedRun(store, project, 1);
    const { chunkId } = await claimNext(store, project);
    const seen: unknown[] = [];
    for (const keys of [['a'], ['a'], ['a', 'b'], ['a', 'b'], ['a', 'b']]) {
      const counts = { done: 0, failed: keys.length, skipped: 0, duplicate: 0 };
      const failures = keys.map(passing);
      await store.transaction((tx) =>
        recordLanding(tx, { runId, chunkId, counts, failures, leaseMs: LEASE_MS, backoffMs: 1 }),
      );
      const { rows } = await sql<{ key: string; attempts: number; again: boolean }>`
        select entity_key as key, attempts, retry_at is not null as again from larder.row_failures
        where chunk_id = ${chunkId} order by entity_key`.execute(store.db);
      seen.push(rows.map(({ key, attempts, again }) => `${key} ${attempts} ${again ? 'again' : 'never'}`));
    }
    expect(seen).toEqual([
      ['a 1 again'],
      ['a 2 again'],
      ['a 3 again', 'b 1 again'],
      ['a 4 again', 'b 2 again'],
      ['a 5 never', 'b 3 again'],
    ]);
  });

  test('of a row without a key records no retry', async ({ store, project }) => {
    const runId = await plannedRun(store, project, 1);
    const attempt = await claimNext(store, project);
    await land(store, runId, attempt, [{ ...badPicture('a'), entityKey: null, keys: null }]);
    const { rows } =
      await sql`select keys is null as none from larder.row_failures where chunk_id = ${attempt.chunkId}`.execute(
        store.db,
      );
    expect(rows).toEqual([{ none: true }]);
  });

  test('clears the error of earlier attempts, and keeps a lease for the online store', async ({
    store,
    project,
  }) => {
    const runId = await plannedRun(store, project, 1);
    await failChunk(store, await claimNext(store, project), BROKEN);
    const { chunkId } = await claimNext(store, project);
    const counts = { done: 10, failed: 0, skipped: 0, duplicate: 0 };
    await store.transaction((tx) =>
      recordLanding(tx, { runId, chunkId, counts, failures: [], leaseMs: 60_000 }),
    );
    const { rows } = await sql`
      select error_code, error_reason, lease_expires_at > now() as leased from larder.chunks where chunk_id = ${chunkId}`.execute(
      store.db,
    );
    expect(rows).toEqual([{ error_code: null, error_reason: null, leased: true }]);
  });
});

test('a chunk that has not landed is not completed', async ({ store, project }) => {
  const runId = await plannedRun(store, project, 1);
  const attempt = await claimNext(store, project);
  await completeChunk(store, attempt.chunkId, 0);
  expect(await land(store, runId, attempt)).toBe(true);
});
