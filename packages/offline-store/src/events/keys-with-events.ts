import { sql } from 'kysely';
import { keyRows, keysMatch, type KeyValues } from '../history/key-parameters.ts';
import { historyPlace } from '../history/history-table.ts';
import type { OfflineStore } from '../offline-store.ts';
import { joinedTable } from '../point-in-time/joined-table.ts';
import type { ReadWindows } from '../point-in-time/unsettled-events.ts';
import { tableOf } from './event-table.ts';

/** Which of the keys have events that are kept, however old; by place. */
export async function keysWithEvents(
  store: Pick<OfflineStore, 'db'>,
  { project, view }: Pick<ReadWindows, 'project' | 'view'>,
  keys: readonly KeyValues[],
): Promise<ReadonlySet<number>> {
  if (keys.length === 0) return new Set();
  const place = historyPlace(project, view);
  const { rows } = await sql<{ at: number }>`
    select wanted.ordinality::integer - 1 as at from ${keyRows(place, keys)}
    where exists (select from ${tableOf(joinedTable({ project }, { view }))} as history where ${keysMatch(place)})`.execute(
    store.db,
  );
  return new Set(rows.map(({ at }) => at));
}
