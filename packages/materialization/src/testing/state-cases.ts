import { newId } from '@larder/core';
import type { ChunkState, OfflineStore, RunStatus } from '@larder/offline-store';

/** A run in a state, with at most one chunk in a state. */
export interface StateCase {
  readonly status: RunStatus;
  readonly planned: boolean;
  readonly chunk: ChunkState | null;
  /** Lease of a running or landed chunk. */
  readonly lease: 'live' | 'expired';
  readonly failures: number;
  /** Failed rows of a landed or done chunk: none, one that is tried again by itself now, one that is not, all. */
  readonly failedRow: 'none' | 'due' | 'final' | 'all';
}

export interface SeededCase extends StateCase {
  readonly runId: string;
  readonly chunkId: number | null;
}

/** Of ten. */
const FAILED_ROWS = { none: 0, due: 1, final: 1, all: 10 };
const CHUNK_STATES = ['pending', 'dispatched', 'running', 'landed_history', 'done', 'failed'] as const;

const inState = (
  status: RunStatus,
  chunk: ChunkState | null,
  rest: Partial<Omit<StateCase, 'status' | 'chunk'>> = {},
): StateCase => ({ planned: true, lease: 'live', failures: 0, failedRow: 'none', ...rest, status, chunk });

const OPEN = ['running', 'paused', 'held'] as const;
const UNPLANNED = ['queued', 'paused', 'failed', 'cancelled'] as const;

/** Every combination of states that a run and a chunk can be in. */
export const STATE_CASES: readonly StateCase[] = [
  ...UNPLANNED.map((status) => inState(status, null, { planned: false })),
  ...OPEN.map((status) => inState(status, null)),
  ...OPEN.flatMap((status) => CHUNK_STATES.map((chunk) => inState(status, chunk))),
  ...OPEN.flatMap((status) => [
    inState(status, 'running', { lease: 'expired' }),
    inState(status, 'running', { lease: 'expired', failures: 4 }),
    inState(status, 'landed_history', { lease: 'expired' }),
    inState(status, 'landed_history', { failedRow: 'final' }),
    inState(status, 'landed_history', { failedRow: 'all' }),
    inState(status, 'done', { failedRow: 'due' }),
    inState(status, 'done', { failedRow: 'final' }),
  ]),
  inState('succeeded', null),
  inState('succeeded', 'done'),
  inState('partial', 'done', { failedRow: 'final' }),
  inState('failed', 'failed'),
  inState('cancelled', 'landed_history'),
  inState('cancelled', 'done'),
  inState('cancelled', 'cancelled'),
];

export const CASE_TOKEN = '11111111-1111-4111-8111-111111111111';

/** Inserts the cases into the database directly, without any verb. */
export async function seedCases(
  store: OfflineStore,
  project: string,
  cases: readonly StateCase[],
): Promise<SeededCase[]> {
  const seeded: SeededCase[] = [];
  for (const one of cases) {
    const runId = newId();
    const ended = ['succeeded', 'partial', 'failed', 'cancelled'].includes(one.status);
    await store.pool.query(
      `insert into larder.runs (run_id, project, view, version, fingerprint, trigger, status, scope, priority, force,
         request_sha256, max_rows_per_second, queued_at, planned_at, started_at, finished_at, paused_at,
         rows_total, rows_done, rows_failed, rows_skipped, planning_token, planning_lease_expires_at)
       select $1, $2, 'ad_image', 1, 'f1', 'backfill', $3, '{"all": true}', 50, false, 'a', 1e9, now() - interval '1 hour',
         case when $4 then now() end, case when $4 then now() end, case when $5 then now() end,
         case when $3 in ('paused', 'held') then now() end, n, d, f, 0,
         case when not $4 and not $5 then $9::uuid end, case when not $4 and not $5 then now() - interval '1 second' end
       from (select case when $6::text is null then 0 else 10 end as n,
         case when $6 in ('landed_history', 'done') then 10 - $7::int else 0 end as d,
         case $6 when 'failed' then 10 else $7::int end as f, $8::int) s`,
      [
        runId,
        project,
        one.status,
        one.planned,
        ended,
        one.chunk,
        FAILED_ROWS[one.failedRow],
        one.failures,
        CASE_TOKEN,
      ],
    );
    seeded.push({ ...one, runId, chunkId: one.chunk === null ? null : await seedChunk(store, runId, one) });
  }
  return seeded;
}

async function seedChunk(store: OfflineStore, runId: string, one: StateCase): Promise<number> {
  const failed = FAILED_ROWS[one.failedRow];
  const { rows } = await store.pool.query<{ chunk_id: number }>(
    `insert into larder.chunks (run_id, ordinal, bounds, state, attempt, failures, rows_total, rows_done, rows_failed,
       dispatched_by, dispatched_at, claimed_by, lease_expires_at, landed_at, finished_at)
     values ($1, 0, '{}', $2, case $2 when 'pending' then 0 else 1 end, $3, 10,
       case when $2 in ('landed_history', 'done') then 10 - $4::int else 0 end, case $2 when 'failed' then 10 else $4::int end,
       case when $2 in ('dispatched', 'running') then 'w' end, case when $2 in ('dispatched', 'running') then now() - interval '1 hour' end,
       case when $2 in ('running', 'landed_history') then 'w' end,
       case when $2 in ('running', 'landed_history') then now() + $5::interval end,
       case when $2 in ('landed_history', 'done') then now() end,
       case when $2 in ('done', 'failed', 'cancelled') then now() end) returning chunk_id`,
    [runId, one.chunk, one.failures, failed, one.lease === 'live' ? '1 hour' : '-1 hour'],
  );
  const chunkId = rows[0]?.chunk_id;
  if (chunkId === undefined) throw new Error('No chunk was inserted.');
  if (failed > 0)
    await store.pool.query(
      `insert into larder.row_failures (run_id, chunk_id, entity_key, keys, code, reason, retryable, retry_at)
       values ($1, $2, 'a', '["a"]', 'PICTURE_UNREADABLE', 'cut off', $3, case when $3 then now() - interval '1 second' end)`,
      [runId, chunkId, one.failedRow === 'due'],
    );
  return chunkId;
}
