import type { StoreTransaction } from '@larder/offline-store';
import type { LoadedView } from '../run-store.ts';

/**
 * Lets the runs of a view version continue under the fingerprint that is being applied, as part of the caller's
 * transaction: an accepted definition means the same as the one they were queued with.
 */
export async function adoptFingerprintIn(
  tx: StoreTransaction,
  { project, view, version, fingerprint }: LoadedView & { readonly project: string },
): Promise<void> {
  await tx.db
    .updateTable('larder.runs')
    .set({ fingerprint })
    .where('project', '=', project)
    .where('view', '=', view)
    .where('version', '=', version)
    .where('fingerprint', '<>', fingerprint)
    .where('status', '<>', 'succeeded')
    .execute();
}
