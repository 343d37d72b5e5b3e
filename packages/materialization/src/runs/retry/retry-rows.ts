import { sql, type RawBuilder } from 'kysely';
import type { OfflineStore } from '@larder/offline-store';
import type { RunStore } from '../run-store.ts';

const RUNS_PER_TURN = 20;
const CHUNKS_PER_TURN = 100;
const DUE = sql<boolean>`f.retry_at <= now()`;

/** Retries failed rows of running runs whose wait is over. */
export async function retryWaitingRows(store: OfflineStore, project: string): Promise<void> {
  const { rows: waiting } = await sql<{ run_id: string }>`
    select r.run_id from larder.runs r
    where r.project = ${project} and r.status = 'running'
      and exists (select from larder.row_failures f where f.run_id = r.run_id and ${DUE})
    limit ${RUNS_PER_TURN}`.execute(store.db);
  for (const { run_id: runId } of waiting)
    await store.transaction(async (tx) => {
      const { rows: locked } = await sql`
        select from larder.runs where run_id = ${runId} and status = 'running' for no key update skip locked`.execute(
        tx.db,
      );
      if (locked.length > 0) await retryRows(tx, runId, { which: DUE, maxChunks: CHUNKS_PER_TURN });
    });
}

export interface RetryRows {
  /** Condition on the failures (alias `f`). */
  readonly which: RawBuilder<boolean>;
  /** Limit on the number of chunks whose failed rows are retried; null: all. */
  readonly maxChunks: number | null;
}

/**
 * Creates new chunks for failed rows of done chunks, one for each chunk they failed in, under the lock of their run.
 * The failures move to the new chunk, which reads its rows from them; landing it replaces them.
 */
export async function retryRows(tx: RunStore, runId: string, { which, maxChunks }: RetryRows): Promise<void> {
  await sql`
    with failing as (
      select chunk_id, count(*)::integer as rows, jsonb_agg(distinct keys) as keys
      from larder.row_failures f where run_id = ${runId} and keys is not null and ${which}
        and exists (select from larder.chunks c where c.chunk_id = f.chunk_id and c.state = 'done')
      group by chunk_id order by chunk_id limit ${maxChunks}
    ), moved_out as (
      update larder.chunks c set rows_total = c.rows_total - failing.rows, rows_failed = c.rows_failed - failing.rows
      from failing where c.chunk_id = failing.chunk_id
    ), added as (
      insert into larder.chunks (run_id, ordinal, bounds, retry_of, rows_total)
      select ${runId}::uuid, (select max(ordinal) from larder.chunks where run_id = ${runId}) + row_number() over (order by chunk_id),
        jsonb_build_object('kind', 'keys', 'keys', keys) || coalesce((
          select jsonb_build_object('asOf', c.bounds -> 'asOf') from larder.chunks c
          where c.chunk_id = failing.chunk_id and c.bounds ? 'asOf'), '{}'), chunk_id, rows
      from failing
      returning chunk_id, retry_of
    )
    update larder.row_failures f set chunk_id = added.chunk_id, retry_at = null
    from added where f.chunk_id = added.retry_of and f.keys is not null and ${which}`.execute(tx.db);
}
