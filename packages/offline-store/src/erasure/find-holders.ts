import { sql } from 'kysely';
import type { OfflineStore } from '../offline-store.ts';
import type { Erasure, StillHeld } from './erasure.ts';

/**
 * Training sets whose files hold the key, as far as 8 bytes of its hash tell, and those that may hold it: sets that are
 * being built now, or have too many keys to be listed. A build that ended on a host out of reach after its files were
 * written counts as a set.
 */
export async function trainingSetsWithKey(
  store: Pick<OfflineStore, 'db'>,
  { project, keyHash }: Pick<Erasure, 'project' | 'keyHash'>,
): Promise<StillHeld[]> {
  const prefix = keyHash.subarray(0, 8);
  const { rows } = await sql<StillHeld>`
    select 'training_set' as kind, training_set_id as id, host, folder,
      to_char(created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as created_at
    from larder.training_sets
    where project = ${project} and (status = 'building' or manifest is not null and key_hashes is null or position(${prefix}::bytea in key_hashes) > 0 and exists (
      select from generate_series(0, length(key_hashes) / 8 - 1) as at
      where substring(key_hashes from at * 8 + 1 for 8) = ${prefix}::bytea))
    order by training_sets.created_at`.execute(store.db);
  return rows;
}
