import { sql } from 'kysely';
import { limitSilence } from '../connection/limit-silence.ts';
import type { OfflineStore } from '../offline-store.ts';
import { historyPlace, type HistoryProject, type HistoryView } from './history-table.ts';

const MAX_MS = 60_000;

/**
 * Counts the entities with history of a view version by reading all of its index; null while another process counts the
 * same, or when there is no such history.
 */
export function countEntities(
  store: Pick<OfflineStore, 'transaction'>,
  project: HistoryProject,
  view: HistoryView,
): Promise<number | null> {
  const place = historyPlace(project, view);
  const table = `${place.schema}.${place.name}`;
  return store.transaction(async (tx) => {
    const { rows: free } = await sql<{ free: boolean }>`
      select to_regclass(format('%I.%I', ${place.schema}::text, ${place.name}::text)) is not null
        and pg_try_advisory_xact_lock(hashtextextended(${`larder count ${table}`}, 0)) as free`.execute(
      tx.db,
    );
    if (free[0]?.free !== true) return null;
    await limitSilence(tx, MAX_MS);
    const keys = sql.join(place.keys.map(({ name }) => sql.ref(name)));
    const { rows } = await sql<{ entities: number }>`
      select count(*)::float8 as entities from (select distinct ${keys} from ${sql.table(table)}) entities`.execute(
      tx.db,
    );
    return rows[0]?.entities ?? null;
  });
}
