import type { OfflineStore, ViewVersion } from '@larder/offline-store';
import { sql } from 'kysely';

/**
 * Rows in the history of a view version that nothing can read from a source again: pushed ones. Rows whose run is no
 * longer on record count as pushed, because pushes are forgotten first.
 */
export async function countPushedRows(
  store: Pick<OfflineStore, 'db'>,
  { project, view, version }: ViewVersion,
): Promise<number> {
  const table = `${project}_history.${view}_v${version}`;
  const { rows: found } = await sql<{ there: boolean }>`
    select to_regclass(${`"${project}_history"."${view}_v${version}"`}) is not null as there`.execute(
    store.db,
  );
  if (found[0]?.there !== true) return 0;
  const { rows } = await sql<{ pushed: number }>`
    select count(*)::integer as pushed from ${sql.table(table)} h
    left join larder.chunks c on c.chunk_id = h.chunk_id left join larder.runs r on r.run_id = c.run_id
    where r.run_id is null or r.trigger = 'push'`.execute(store.db);
  return rows[0]?.pushed ?? 0;
}
