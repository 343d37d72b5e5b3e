import type { RunStore } from '../run-store.ts';

/** Records that rows of a chunk did not land because their entities were erased; in the transaction that lands the others. */
export async function countErasedRows(tx: RunStore, chunkId: number, rows: number): Promise<void> {
  await tx.db
    .updateTable('larder.chunks')
    .set({ rows_erased: rows })
    .where('chunk_id', '=', chunkId)
    .execute();
}
