import { sql } from 'kysely';
import type { OfflineStore } from '../offline-store.ts';
import { countRemoved } from './count-removed.ts';
import type { Erasure } from './erasure.ts';

/**
 * Deletes the contents that rows of the key used, with everything that was computed from them; other keys that share
 * them have them computed again.
 */
export async function eraseRemembered(
  store: Pick<OfflineStore, 'transaction'>,
  erasure: Erasure,
): Promise<void> {
  const { project, keyHash } = erasure;
  await store.transaction(async (tx) => {
    const { rows } = await sql<{ count: number }>`
      with used as materialized (
        select content_sha256 from larder.remembered_uses where project = ${project} and key_hash = ${keyHash}
      ), contents as (
        delete from larder.remembered_contents
        where project = ${project} and content_sha256 in (select content_sha256 from used) returning 1
      ), computed as (
        delete from larder.remembered_values
        where project = ${project} and content_sha256 in (select content_sha256 from used) returning 1
      ), uses as (
        delete from larder.remembered_uses
        where project = ${project} and content_sha256 in (select content_sha256 from used) returning 1
      )
      select ((select count(*) from contents) + (select count(*) from computed)
        + (select count(*) from uses))::integer as count`.execute(tx.db);
    await countRemoved(tx, erasure, { place: 'value_memory', count: rows[0]?.count ?? 0 });
  });
}
