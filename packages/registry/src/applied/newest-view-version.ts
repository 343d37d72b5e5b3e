import type { RegistryStore } from '../registry-store.ts';

/** The highest version of a view that was ever applied; removing it does not free its number. Null: none was. */
export async function newestViewVersion(
  store: RegistryStore,
  project: string,
  view: string,
): Promise<number | null> {
  const row = await store.db
    .selectFrom('larder.view_versions')
    .select((eb) => eb.fn.max('version').as('version'))
    .where('project', '=', project)
    .where('view', '=', view)
    .executeTakeFirst();
  return row?.version ?? null;
}
