import { storableReason, storableText, URGENT_CHANNEL } from '@larder/offline-store';
import { sql } from 'kysely';
import type { RunStore } from '../run-store.ts';
import type { PushedRun } from './land-pushed-run.ts';

export interface StagedRow {
  readonly entityKey: string;
  readonly keys: readonly string[];
  /** Columns of the source as JSON. */
  readonly columns: Readonly<Record<string, unknown>>;
}

export interface StagedRun extends Omit<PushedRun, 'counts' | 'leaseMs'> {
  /** In the order of arrival. */
  readonly rows: readonly StagedRow[];
  readonly chunkRows: number;
}

/** The most urgent: somebody waits for each row. */
const PRIORITY = 100;

/**
 * A run whose rows came with a push and are computed at once: run, chunks and rows in one transaction, which tells the
 * workers when it commits. Rejected rows are failures of the first chunk.
 */
export async function stagePushedRun(tx: RunStore, staged: StagedRun): Promise<void> {
  const { runId, project, rows } = staged;
  await sql`
    insert into larder.runs (run_id, project, view, version, fingerprint, trigger, status, scope, priority, force,
      request_sha256, planned_at, started_at)
    values (${runId}, ${project}, ${staged.view}, ${staged.version}, ${staged.fingerprint}, 'push', 'running',
      '{"pushed": true}', ${PRIORITY}, false, '', now(), now())`.execute(tx.db);
  await sql`
    insert into larder.staged_rows (run_id, ordinal, entity_key, columns)
    select ${runId}::uuid, place, row ->> 'entityKey', row -> 'columns'
    from jsonb_array_elements(${JSON.stringify(rows, storable)}::jsonb) with ordinality as given (row, place)`.execute(
    tx.db,
  );
  const keys = [...new Map(rows.map((row) => [row.entityKey, row.keys])).values()];
  await sql`
    insert into larder.chunks (run_id, ordinal, bounds, rows_total)
    select ${runId}::uuid, page, jsonb_build_object('kind', 'keys', 'keys', jsonb_agg(key order by place)), count(*)
    from (
      select key, place, ((place - 1) / ${staged.chunkRows})::integer as page
      from jsonb_array_elements(${JSON.stringify(keys, storable)}::jsonb) with ordinality as given (key, place)
    ) paged
    group by page`.execute(tx.db);
  const failures = staged.failures.map(({ code, reason, retryable }) => ({
    code: storableText(code),
    reason: storableReason(reason),
    retryable,
  }));
  if (failures.length > 0) await addRejected(tx, runId, failures);
  await sql`select pg_notify(${URGENT_CHANNEL}, ${project})`.execute(tx.db);
}

/** A chunk of their own, which ended with them. */
async function addRejected(
  tx: RunStore,
  runId: string,
  failures: readonly { readonly code: string; readonly reason: string; readonly retryable: boolean }[],
): Promise<void> {
  await sql`
    with chunk as (
      insert into larder.chunks (run_id, ordinal, bounds, state, attempt, rows_total, rows_failed, started_at, landed_at, finished_at)
      select ${runId}::uuid, coalesce(max(ordinal), -1) + 1, '{"kind": "pushed"}', 'done', 1, ${failures.length},
        ${failures.length}, now(), now(), now()
      from larder.chunks where run_id = ${runId}
      returning chunk_id
    )
    insert into larder.row_failures (run_id, chunk_id, code, reason, retryable)
    select ${runId}::uuid, chunk.chunk_id, f.code, f.reason, f.retryable
    from chunk cross join jsonb_to_recordset(${JSON.stringify(failures)}::jsonb) as f
      (code text, reason text, retryable boolean)`.execute(tx.db);
}

function storable(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? storableText(value) : value;
}

/** Deletes rows that nothing computes again: their run succeeded or was cancelled. */
export async function dropStagedRows(store: RunStore, project: string): Promise<void> {
  await sql`
    delete from larder.staged_rows s using larder.runs r
    where r.run_id = s.run_id and r.project = ${project} and r.status in ('succeeded', 'cancelled')`.execute(
    store.db,
  );
}
