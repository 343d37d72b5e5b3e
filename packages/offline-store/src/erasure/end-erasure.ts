import { recordChange } from '../changes/record-change.ts';
import type { OfflineStore } from '../offline-store.ts';
import { sql } from 'kysely';
import { eraseReceiptStatistics } from './erase-statistics.ts';
import type { Erasure, StillHeld } from './erasure.ts';

/** Closes the receipt, which then no longer holds the key, and records the erasure in the feed; once. */
export async function completeErasure(
  store: Pick<OfflineStore, 'transaction'>,
  erasure: Erasure,
  stillHeld: readonly StillHeld[],
): Promise<void> {
  const { receiptId, project, entity, keyHash } = erasure;
  await store.transaction(async (tx) => {
    const { numUpdatedRows } = await tx.db
      .updateTable('larder.erasures')
      .set({
        status: 'complete',
        entity_key: null,
        still_held: JSON.stringify(stillHeld),
        completed_at: sql<Date>`now()`,
        lease_expires_at: null,
        error_code: null,
        error_reason: null,
      })
      .where('receipt_id', '=', receiptId)
      .where('status', '=', 'running')
      .executeTakeFirst();
    if (numUpdatedRows === 0n) return;
    await eraseReceiptStatistics(tx, erasure);
    await recordChange(tx, project, {
      kind: 'erased',
      entity: entity.name,
      keyHash: keyHash.toString('hex'),
    });
  });
}

/** Keeps why an attempt stopped; a worker tries again once the lease has expired. */
export async function interruptErasure(
  store: Pick<OfflineStore, 'db'>,
  receiptId: string,
  error: { readonly code: string; readonly reason: string },
): Promise<void> {
  await store.db
    .updateTable('larder.erasures')
    .set({
      error_code: error.code,
      error_reason: error.reason,
      lease_expires_at: sql<Date>`now() + interval '5 seconds'`,
    })
    .where('receipt_id', '=', receiptId)
    .where('status', '=', 'running')
    .execute();
}
