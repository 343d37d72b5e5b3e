import { sql } from 'kysely';
import type { OfflineStore } from '../offline-store.ts';
import type { Erasure } from './erasure.ts';

/** Names of the views that ever were of the entity: those applied at any time, and those of the given definitions. */
export async function viewsOfEntity(
  store: Pick<OfflineStore, 'db'>,
  { project, entity }: Pick<Erasure, 'project' | 'entity'>,
  defined: readonly string[],
): Promise<string[]> {
  const { rows } = await sql<{ view: string }>`
    select distinct view from larder.view_versions
    where project = ${project} and definition -> 'entity' ->> 'name' = ${entity.name}`.execute(store.db);
  return [...new Set([...defined, ...rows.map(({ view }) => view)])].toSorted();
}
