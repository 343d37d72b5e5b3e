import type { RowOrder } from '@larder/core';
import type { FeatureViewManifest } from '@larder/features';
import { sql } from 'kysely';
import { historyTable, type HistoryProject } from '../history/history-table.ts';
import { keyRows, keysMatch, type KeyValues } from '../history/key-parameters.ts';
import { NEWEST_FIRST } from '../history/newest-first.ts';
import type { OfflineStore } from '../offline-store.ts';

export interface KeySince {
  readonly keys: KeyValues;
  readonly eventTimestampMs: number;
}

/**
 * The order of the newest row, not before the event timestamp, that says that the key was gone; in the order given, null
 * without one. Reads the rows of the key since then.
 */
export async function newestGoneRows(
  store: Pick<OfflineStore, 'db'>,
  project: HistoryProject,
  view: FeatureViewManifest,
  since: readonly KeySince[],
): Promise<(RowOrder | null)[]> {
  const found = since.map((): RowOrder | null => null);
  const table = historyTable(project, view);
  if (since.length === 0 || table.isGone === 'false') return found;
  const events = since.map(({ eventTimestampMs }) => new Date(eventTimestampMs).toISOString());
  const { rows } = await sql<{ at: number; event: Date; created: Date; revision: number }>`
    select ordinality as at, gone.*
    from ${keyRows(
      table,
      since.map(({ keys }) => keys),
    )}
    join unnest(${events}::timestamptz[]) with ordinality as times (since, ordinality) using (ordinality)
    cross join lateral (
      select event_timestamp as event, created_timestamp as created, revision
      from ${sql.table(`${table.schema}.${table.name}`)} as history
      where ${keysMatch(table)} and history.event_timestamp >= since and history.is_gone
      order by ${sql.raw(NEWEST_FIRST)}
      limit 1
    ) as gone`.execute(store.db);
  for (const { at, event, created, revision } of rows)
    found[at - 1] = {
      eventTimestampMs: event.getTime(),
      createdTimestampMs: created.getTime(),
      revision,
    };
  return found;
}
