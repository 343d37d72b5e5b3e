import { entityKey, type EntityManifest, type FieldValue } from '@larder/features';
import { projectKeyHasher } from '../erasure/key-hash.ts';
import type { OfflineStore } from '../offline-store.ts';

export interface AuditedEntity {
  readonly project: string;
  readonly entity: EntityManifest;
  readonly keys: Readonly<Record<string, FieldValue>>;
}

/**
 * The subject of an entry about one entity: `entity ad 5f3a…`, with a hash by the project's secret. The audit outlives an
 * erasure, and must not keep the key; whoever knows the key finds its entries.
 */
export async function entitySubject(
  store: Pick<OfflineStore, 'db'>,
  { project, entity, keys }: AuditedEntity,
): Promise<string> {
  const hashOf = await projectKeyHasher(store, project);
  return subjectOf(entity.name, hashOf(entity.name, entityKey(entity, keys)));
}

export function subjectOf(entity: string, keyHash: Buffer): string {
  return `entity ${entity} ${keyHash.toString('hex')}`;
}
