import type { RunStore } from '../run-store.ts';

export interface RetriedRow {
  readonly entityKey: string;
  /** Null: the row had no readable event timestamp. */
  readonly eventTimestampMs: number | null;
}

/** Lists the rows that a retrying chunk computes; its bounds also select the key's other rows. */
export async function listRetriedRows(store: RunStore, chunkId: number): Promise<RetriedRow[]> {
  const rows = await store.db
    .selectFrom('larder.row_failures')
    .select(['entity_key', 'event_timestamp'])
    .where('chunk_id', '=', chunkId)
    .where('entity_key', 'is not', null)
    .execute();
  return rows.map((row) => ({
    entityKey: row.entity_key ?? '',
    eventTimestampMs: row.event_timestamp?.getTime() ?? null,
  }));
}
