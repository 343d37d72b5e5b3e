import { countTombstones, erasedAmong, type OfflineStore } from '@larder/offline-store';
import type { PreparedRow } from './prepare-rows.ts';

/**
 * Keys of the rows whose entities were erased: they would not land, so they need not be computed. Landing asks again,
 * under its lock, for those that are erased meanwhile.
 */
export async function erasedKeys(
  store: Pick<OfflineStore, 'db'>,
  rows: readonly PreparedRow[],
  of: { readonly project: string; readonly entity: string },
): Promise<ReadonlySet<string>> {
  if (rows.length === 0 || (await countTombstones(store, of.project)) === 0) return new Set();
  return erasedAmong(store, { ...of, keys: [...new Set(rows.map(({ entityKey }) => entityKey))] });
}
