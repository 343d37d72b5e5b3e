import { newId } from '@larder/core';
import type { FeatureViewManifest } from '@larder/features';
import {
  appendHistory,
  ensureHistory,
  type ChunkState,
  type GoneState,
  type HistoryProject,
  type OfflineStore,
  type RunStatus,
} from '@larder/offline-store';
import { project as shop, row, view } from '@larder/offline-store/testing';

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
  /** Of a run of this version that ends keys: it saw all keys of its history, or none. @default it ends none */
  readonly gone?: { readonly version: number; readonly state: GoneState; readonly seen: boolean };
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
  inState('held', 'done', { gone: { version: 2, state: 'held', seen: false } }),
  inState('running', 'done', { gone: { version: 2, state: 'released', seen: false } }),
  inState('running', 'done', { gone: { version: 3, state: 'reading', seen: false } }),
  inState('running', 'done', { gone: { version: 4, state: 'reading', seen: true } }),
  inState('succeeded', null),
  inState('succeeded', 'done'),
  inState('partial', 'done', { failedRow: 'final' }),
  inState('failed', 'failed'),
  inState('cancelled', 'landed_history'),
  inState('cancelled', 'done'),
  inState('cancelled', 'cancelled'),
];

/** What the runs fill; only those that end keys have a history. */
const GONE_VIEW = view('ad_image', [{ name: 'brightness', type: 'float32' }]);

export const goneView = ({ version }: { readonly version: number }): FeatureViewManifest => ({
  ...GONE_VIEW,
  version,
});

export const historyOf = (name: string): HistoryProject => ({ ...shop, project: name });

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
    const chunkId = one.chunk === null ? null : await seedChunk(store, runId, one);
    seeded.push({ ...one, runId, chunkId });
    if (one.gone !== undefined && chunkId !== null)
      await seedGone(store, historyOf(project), { ...one.gone, runId, chunkId });
  }
  return seeded;
}

interface SeededGone {
  readonly version: number;
  readonly state: GoneState;
  readonly seen: boolean;
  readonly runId: string;
  readonly chunkId: number;
}

/** The ten rows of the chunk in history, as if they had been there before the run, which saw all of them or nothing. */
async function seedGone(store: OfflineStore, of: HistoryProject, gone: SeededGone): Promise<void> {
  const { runId, chunkId, version } = gone;
  const filled = goneView(gone);
  await ensureHistory(store, of, filled);
  const rows = Array.from({ length: 10 }, (_, at) => row(`${runId} ${at}`, { chunkId }));
  await store.transaction((tx) => appendHistory(tx, of, filled, rows));
  const table = `"${of.project}_history".ad_image_v${version}`;
  // Later than every landing of a test, whose rows are in no history.
  await store.pool.query(`update ${table} set landed_at = now() + interval '1 day'`);
  await store.pool.query(
    `update larder.runs set planned_at = now() + interval '2 days', gone_at_most = 0,
       version = $3, gone_state = $2 where run_id = $1`,
    [runId, gone.state, version],
  );
  await store.pool.query(
    `insert into larder.seen_keys (chunk_id, run_id, hashes)
     select $1, $2, array(select hash_record_extended(row(ad_id), r.revision) from ${table} where $3)
     from larder.runs r where run_id = $2`,
    [chunkId, runId, gone.seen],
  );
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
