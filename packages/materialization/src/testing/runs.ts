import { newId } from '@larder/core';
import { sql } from 'kysely';
import { expect } from 'vitest';
import type { OfflineStore } from '@larder/offline-store';
import {
  claimChunk,
  claimRunToPlan,
  completeChunk,
  createRun,
  dispatchChunks,
  lockChunk,
  recordLanding,
  savePlan,
  type ChunkAttempt,
  type LandedFailure,
  type NewRun,
} from '../runs/index.ts';
import { findRunViolations } from '../runs/find-run-violations.ts';
import { test as base } from '@larder/offline-store/testing';

/** Every test has its own project, whose runs no other test sees, and leaves them without violations. */
export const test = base.extend<{ $test: { project: string } }>({
  project: async ({ store }, use) => {
    const project = `p${newId()}`;
    await use(project);
    expect(await findRunViolations(store, project)).toEqual([]);
  },
});

export const VIEW = { view: 'ad_image', version: 1, fingerprint: 'f1' };
export const LEASE_MS = 10_000;
export const BROKEN = { code: 'SOURCE_UNAVAILABLE', reason: 'away', retryable: true, backoffMs: 0 };

export function newRun(project: string, overrides: Partial<NewRun> = {}): NewRun {
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

export async function plannedRun(
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

export function dispatch(
  store: OfflineStore,
  project: string,
  options: { slots?: number; dispatcher?: string; urgent?: boolean } = {},
): Promise<ChunkAttempt[]> {
  return dispatchChunks(store, {
    project,
    views: [VIEW],
    urgent: options.urgent ?? false,
    dispatcher: options.dispatcher ?? `w-${project}`,
    slots: options.slots ?? 10,
  });
}

export const claim = (store: OfflineStore, attempt: ChunkAttempt) =>
  claimChunk(store, attempt, { worker: 'w', leaseMs: LEASE_MS });

export async function land(
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
  if (landed) await completeChunk(store, attempt.chunkId, 10);
  return landed;
}

export const badPicture = (key: string): LandedFailure => ({
  entityKey: key,
  keys: [key],
  eventTimestampMs: 1_700_000_000_123,
  code: 'PICTURE_UNREADABLE',
  reason: 'cut off',
  retryable: false,
});

export async function expire(store: OfflineStore, chunkId: number): Promise<void> {
  await sql`update larder.chunks set dispatched_at = now() - interval '1 hour',
      lease_expires_at = case when lease_expires_at is not null then now() - interval '1 second' end
    where chunk_id = ${chunkId}`.execute(store.db);
}
