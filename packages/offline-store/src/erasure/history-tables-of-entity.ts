import { sql } from 'kysely';
import type { OfflineStore } from '../offline-store.ts';
import type { Erasure } from './erasure.ts';

export interface EntityHistory {
  readonly schema: string;
  readonly name: string;
}

/**
 * Every history of the entity: of each view version that was ever applied, also removed ones and those that were set
 * aside. What belongs to no applied version is recognised by its join keys: the first columns of its unique index.
 */
export async function historyTablesOfEntity(
  store: Pick<OfflineStore, 'db'>,
  { project, entity }: Pick<Erasure, 'project' | 'entity'>,
): Promise<EntityHistory[]> {
  const names = entity.join_keys.map(({ name }) => name);
  const { rows } = await sql<EntityHistory>`
    select n.nspname as schema, c.relname as name
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    left join larder.view_versions v on v.project = ${project} and c.relname = v.view || '_v' || v.version
    where c.relkind = 'p' and (n.nspname = ${`${project}_history`} or n.nspname ~ ${`^${project}_aside_[0-9a-f]{12}$`})
      and (v.view is null or n.nspname ~ '_aside_[0-9a-f]{12}$'
        or v.definition -> 'entity' ->> 'name' = ${entity.name})
      and exists (
        select from pg_index i where i.indrelid = c.oid and i.indisunique and (
          select array_agg(a.attname::text order by k.at) from unnest(i.indkey::smallint[]) with ordinality k (attnum, at)
          join pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum
        ) = ${[...names, 'event_timestamp', 'created_timestamp', 'revision']}::text[])
    order by 1, 2`.execute(store.db);
  return rows;
}
