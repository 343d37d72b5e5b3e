import { LarderError } from '@larder/core';
import type { EntityManifest, Manifest } from '@larder/features';
import type { OfflineStore } from '@larder/offline-store';
import { sql } from 'kysely';

/** Also an entity that is no longer defined, as long as a view of it was ever applied. @throws ENTITY_NOT_FOUND */
export async function entityOfProject(
  store: Pick<OfflineStore, 'db'>,
  manifest: Manifest,
  name: string,
): Promise<EntityManifest> {
  const defined = Object.hasOwn(manifest.entities, name) ? manifest.entities[name] : undefined;
  if (defined !== undefined) return defined;
  const { rows } = await sql<{ entity: EntityManifest }>`
    select definition -> 'entity' as entity from larder.view_versions
    where project = ${manifest.project} and definition -> 'entity' ->> 'name' = ${name}
    order by created_at desc limit 1`.execute(store.db);
  const [removed] = rows;
  if (removed !== undefined) return removed.entity;
  const names = Object.keys(manifest.entities).join(', ') || 'none';
  throw new LarderError('ENTITY_NOT_FOUND', `No entity has this name; defined entities: ${names}.`);
}
