import { LarderError, requestInvalid } from '@larder/core';
import {
  entityKey,
  parseEntityKey,
  type EntityManifest,
  type FieldValue,
  type Manifest,
} from '@larder/features';
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

interface AskedEntity {
  readonly entity?: string | undefined;
  /** As in `GET /v1/entities/{entity}/{key}`. */
  readonly key?: string | undefined;
}

/** The subject that a filter asks for by name and key. @throws ENTITY_NOT_FOUND, ENTITY_KEY_INVALID, REQUEST_INVALID for one without the other */
export async function askedSubject(
  store: Pick<OfflineStore, 'db'>,
  { project, entities }: Manifest,
  { entity: name, key }: AskedEntity,
): Promise<string | undefined> {
  if (name === undefined && key === undefined) return undefined;
  if (name === undefined || key === undefined)
    throw requestInvalid([
      { pointer: name === undefined ? '/entity' : '/key', detail: 'is missing: entity and key go together' },
    ]);
  const entity = Object.hasOwn(entities, name) ? entities[name] : undefined;
  if (entity === undefined)
    throw new LarderError(
      'ENTITY_NOT_FOUND',
      `No entity has this name; defined entities: ${Object.keys(entities).join(', ') || 'none'}.`,
    );
  return entitySubject(store, { project, entity, keys: parseEntityKey(entity, key) });
}

export function subjectOf(entity: string, keyHash: Buffer): string {
  return `entity ${entity} ${keyHash.toString('hex')}`;
}
