import type { ServedView } from '@larder/features';
import { sql } from 'kysely';
import type { RegistryStore } from '../registry-store.ts';
import { CHAMPION } from './alias-state.ts';
import { readAliases } from './read-aliases.ts';

/**
 * The view versions that callers are answered from, whatever the newest definitions of the models read: those
 * of every model version that an alias points to, and of the one that a rollback of `champion` goes to.
 */
export async function viewsInService(store: RegistryStore, project: string): Promise<readonly ServedView[]> {
  const served = (await readAliases(store, project)).flatMap(({ model, alias, version, earlier }) =>
    [version, ...(alias === CHAMPION ? earlier.slice(0, 1) : [])].map((each) => ({ model, version: each })),
  );
  // a version without content names the views it reads in its inputs
  const { rows } = await sql<ServedView>`
    select distinct v.model, r.view from larder.model_versions v
    join unnest(${served.map(({ model }) => model)}::text[], ${served.map(({ version }) => version)}::integer[])
      as s (model, version) on s.model = v.model and s.version = v.version
    cross join lateral (
      select json_object_keys(v.content -> 'manifest' -> 'feature_views') as view where v.content is not null
      union
      select concat(i ->> 'view', '@', i ->> 'version') from json_array_elements(v.inputs) i
        where v.content is null and i ->> 'version' is not null) r
    where v.project = ${project}`.execute(store.db);
  return rows;
}
