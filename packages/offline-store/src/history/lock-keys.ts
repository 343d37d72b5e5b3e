import { sql } from 'kysely';
import type { OfflineStore, StoreTransaction } from '../offline-store.ts';

/** Locks of one name: a transaction takes no more, and keys that share one wait for each other. */
const LOCKS = 32;

/**
 * Locks these keys until the transaction ends, for who reads what there is of them and then writes what follows from it.
 * Always taken in the same order.
 * @param name what is written, such as `larder:tiles:ads_history.ad_stats_v1_tiles`
 */
export async function lockKeys(
  tx: Pick<OfflineStore | StoreTransaction, 'db'>,
  name: string,
  entityKeys: Iterable<string>,
): Promise<void> {
  const locks = [...new Set(Array.from(entityKeys, lockOf))].toSorted((a, b) => a - b);
  if (locks.length === 0) return;
  await sql`
    select pg_advisory_xact_lock(hashtextextended(${name} || ':' || lock, 0))
    from unnest(${`{${locks.join(',')}}`}::integer[]) with ordinality l (lock, at) order by at`.execute(
    tx.db,
  );
}

function lockOf(entityKey: string): number {
  let hash = 0;
  for (let at = 0; at < entityKey.length; at++) hash = (Math.imul(hash, 31) + entityKey.charCodeAt(at)) | 0;
  return Math.abs(hash % LOCKS);
}
