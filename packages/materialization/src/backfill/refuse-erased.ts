import { LarderError } from '@larder/core';
import { decodeJsonValue, entityKey, type EntityManifest, type FieldValue } from '@larder/features';
import { erasedAmong, holdOffErasures, type StoreTransaction } from '@larder/offline-store';

export interface ScopeOfEntities {
  readonly project: string;
  readonly entity: EntityManifest;
  /** Checked join keys, as JSON of the HTTP API. */
  readonly entities: readonly Readonly<Record<string, unknown>>[];
}

/** Holds off erasures until the transaction ends. @throws ENTITY_ERASED */
export async function refuseErased(
  tx: Pick<StoreTransaction, 'db'>,
  { project, entity, entities }: ScopeOfEntities,
): Promise<void> {
  if (!(await holdOffErasures(tx, project, entity.name))) return;
  const keys = entities.map((json) => entityKey(entity, joinKeys(entity, json)));
  const erased = await erasedAmong(tx, { project, entity: entity.name, keys });
  if (erased.size === 0) return;
  const errors = keys.flatMap((key, at) =>
    erased.has(key) ? [{ pointer: `/scope/entities/${at}`, detail: 'was erased and takes no rows' }] : [],
  );
  throw new LarderError(
    'ENTITY_ERASED',
    `${errors.length === 1 ? 'One of the entities was' : `${errors.length} of the entities were`} erased and take${errors.length === 1 ? 's' : ''} no rows; leave ${errors.length === 1 ? 'it' : 'them'} out.`,
    { errors },
  );
}

function joinKeys(
  entity: EntityManifest,
  json: Readonly<Record<string, unknown>>,
): Record<string, FieldValue> {
  return Object.fromEntries(
    entity.join_keys.map((field) => {
      const decoded = decodeJsonValue(field, json[field.name]);
      if (!decoded.ok) throw new Error(`A checked scope has a wrong ${field.name}: it ${decoded.detail}.`);
      return [field.name, decoded.value];
    }),
  );
}
