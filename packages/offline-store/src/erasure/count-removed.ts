import { sql } from 'kysely';
import type { StoreTransaction } from '../offline-store.ts';
import type { Erasure } from './erasure.ts';
import { ERASURE_LEASE, inTime } from './lease.ts';

/** Adds to the receipt in the transaction that deletes, so that a repeated step counts nothing twice; renews the lease. */
export async function countRemoved(
  tx: Pick<StoreTransaction, 'db'>,
  { receiptId }: Pick<Erasure, 'receiptId'>,
  { place, count }: { readonly place: string; readonly count: number },
): Promise<void> {
  await sql`
    update larder.erasures set lease_expires_at = ${inTime(ERASURE_LEASE)},
      removed = case when ${count} = 0 then removed
        else removed || jsonb_build_object(${place}::text, coalesce((removed ->> ${place})::bigint, 0) + ${count}::bigint) end
    where receipt_id = ${receiptId}`.execute(tx.db);
}
