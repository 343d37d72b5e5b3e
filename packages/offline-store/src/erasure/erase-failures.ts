import { sql } from 'kysely';
import type { OfflineStore } from '../offline-store.ts';
import { countRemoved } from './count-removed.ts';
import type { Erasure } from './erasure.ts';

/** Deletes the failures of the key's rows. A failure names no entity: views of others may have the same key. */
export async function eraseFailures(
  store: Pick<OfflineStore, 'transaction'>,
  erasure: Erasure,
  views: readonly string[],
): Promise<void> {
  await store.transaction(async (tx) => {
    const { rows } = await sql`
      delete from larder.row_failures f using larder.runs r
      where f.entity_key = ${erasure.entityKey} and r.run_id = f.run_id and r.project = ${erasure.project}
        and r.view = any(${views}::text[])
      returning failure_id`.execute(tx.db);
    await countRemoved(tx, erasure, { place: 'row_failures', count: rows.length });
  });
}
