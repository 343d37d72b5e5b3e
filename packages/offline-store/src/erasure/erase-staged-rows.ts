import { sql } from 'kysely';
import type { OfflineStore } from '../offline-store.ts';
import { countRemoved } from './count-removed.ts';
import type { Erasure } from './erasure.ts';

/** Deletes pushed rows of the key that wait to be computed. */
export async function eraseStagedRows(
  store: Pick<OfflineStore, 'transaction'>,
  erasure: Erasure,
  views: readonly string[],
): Promise<void> {
  await store.transaction(async (tx) => {
    const { numAffectedRows } = await sql`
      delete from larder.staged_rows s using larder.runs r
      where s.entity_key = ${erasure.entityKey} and r.run_id = s.run_id and r.project = ${erasure.project}
        and r.view = any(${views}::text[])`.execute(tx.db);
    await countRemoved(tx, erasure, { place: 'staged_rows', count: Number(numAffectedRows) });
  });
}
