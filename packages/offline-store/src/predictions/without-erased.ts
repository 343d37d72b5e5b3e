import { erasedAmong, holdOffErasures } from '../erasure/hold-off-erasures.ts';
import type { StoreTransaction } from '../offline-store.ts';
import type { PredictionRecord } from './prediction-record.ts';

/**
 * The records that name no erased entity. Holds off erasures until the transaction ends, so the records must be written
 * by it.
 */
export async function withoutErased(
  tx: Pick<StoreTransaction, 'db'>,
  project: string,
  records: readonly PredictionRecord[],
): Promise<readonly PredictionRecord[]> {
  if (!(await holdOffErasures(tx, project, null))) return records;
  const keys = new Map<string, Set<string>>();
  for (const { entityKeys } of records)
    for (const { entity, key } of entityKeys) {
      const known = keys.get(entity);
      if (known === undefined) keys.set(entity, new Set([key]));
      else known.add(key);
    }
  const erased = new Map<string, ReadonlySet<string>>();
  for (const [entity, known] of keys)
    erased.set(entity, await erasedAmong(tx, { project, entity, keys: [...known] }));
  const kept = records.filter(
    ({ entityKeys }) => !entityKeys.some(({ entity, key }) => erased.get(entity)?.has(key) === true),
  );
  return kept.length === records.length ? records : kept;
}
