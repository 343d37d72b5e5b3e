import { sql } from 'kysely';
import { historyPlace, type HistoryProject, type HistoryView } from '../history/history-table.ts';
import type { StoreTransaction } from '../offline-store.ts';
import { keyHash, type SeenBy } from './key-hash-sql.ts';

export interface SeenKeys extends SeenBy {
  readonly chunkId: number;
  /** Join keys as text, in the order of the entity. */
  readonly keys: readonly (readonly string[])[];
}

/**
 * Records which keys the source returned for a chunk, whatever became of their rows, in the transaction that lands it.
 * Another attempt replaces them.
 */
export async function recordSeenKeys(
  tx: Pick<StoreTransaction, 'db'>,
  project: HistoryProject,
  view: HistoryView,
  seen: SeenKeys,
): Promise<void> {
  const place = historyPlace(project, view);
  const columns = place.keys.map(
    ({ sqlType }, at) => sql`${seen.keys.map((key) => key[at] as string)}::text[]::${sql.raw(sqlType)}[]`,
  );
  const names = sql.join(place.keys.map(({ name }) => sql.ref(name)));
  await sql`
    insert into larder.seen_keys (chunk_id, run_id, hashes)
    select ${seen.chunkId}, ${seen.runId}::uuid, coalesce(array_agg(distinct ${keyHash(place, 'seen', seen)}), '{}')
    from unnest(${sql.join(columns)}) as seen (${names})
    on conflict (chunk_id) do update set hashes = excluded.hashes`.execute(tx.db);
}
