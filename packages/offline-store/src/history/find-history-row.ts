import type { RowOrder } from '@larder/core';
import { sql } from 'kysely';
import type { OfflineStore } from '../offline-store.ts';
import { historyPlace, type HistoryProject, type HistoryView } from './history-table.ts';
import { keyRows, keysMatch, type KeyValues } from './key-parameters.ts';

export interface Provenance {
  readonly landedAt: Date;
  /** When the online store confirmed the chunk; null: not yet. */
  readonly onlineAt: Date | null;
  readonly chunkId: number;
  /** Null when the run has been deleted. */
  readonly runId: string | null;
}

/**
 * Finds the run and chunk that wrote this row, when it landed and when it was online, also for a removed view version;
 * null when history has no such row or no such view.
 */
export async function findHistoryRow(
  store: Pick<OfflineStore, 'db'>,
  project: HistoryProject,
  view: HistoryView,
  row: { readonly keys: KeyValues } & RowOrder,
): Promise<Provenance | null> {
  const table = historyPlace(project, view);
  const { rows: known } = await sql<{ exists: boolean }>`
    select to_regclass(format('%I.%I', ${table.schema}::text, ${table.name}::text)) is not null as exists`.execute(
    store.db,
  );
  if (known[0]?.exists !== true) return null;
  const { rows } = await sql<Provenance>`
    select history.landed_at as "landedAt", online.online_at as "onlineAt", history.chunk_id as "chunkId", chunks.run_id as "runId"
    from ${keyRows(table, [row.keys])}
    join ${sql.table(`${table.schema}.${table.name}`)} as history on ${keysMatch(table)}
    left join larder.chunks using (chunk_id)
    left join larder.chunk_online_times online using (chunk_id)
    where history.event_timestamp = ${new Date(row.eventTimestampMs).toISOString()}
      and history.created_timestamp = ${new Date(row.createdTimestampMs).toISOString()}
      and history.revision = ${row.revision}`.execute(store.db);
  return rows[0] ?? null;
}
