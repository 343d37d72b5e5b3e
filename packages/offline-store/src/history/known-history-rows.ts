import type { RowOrder } from '@larder/core';
import type { FeatureViewManifest } from '@larder/features';
import { sql } from 'kysely';
import type { OfflineStore } from '../offline-store.ts';
import { historyTable, type HistoryProject } from './history-table.ts';
import { keyTexts, type KeyValues } from './key-parameters.ts';

export interface OnlineRowOrder extends RowOrder {
  readonly keys: KeyValues;
}

/** For each row whether history has one of its key with exactly its times and revision. */
export async function knownHistoryRows(
  store: Pick<OfflineStore, 'db'>,
  project: HistoryProject,
  view: FeatureViewManifest,
  rows: readonly OnlineRowOrder[],
): Promise<boolean[]> {
  if (rows.length === 0) return [];
  const table = historyTable(project, view);
  const keys = rows.map((row) => row.keys);
  const arrays = table.keys.map(
    ({ name, sqlType }) => sql`${keyTexts(table, name, keys)}::text[]::${sql.raw(sqlType)}[]`,
  );
  const instants = (of: 'eventTimestampMs' | 'createdTimestampMs') =>
    sql`${rows.map((row) => new Date(row[of]).toISOString())}::timestamptz[]`;
  const names = table.keys.map(({ name }) => sql.ref(name));
  const matches = table.keys.map(({ name }) => sql`history.${sql.ref(name)} = wanted.${sql.ref(name)}`);
  const { rows: found } = await sql<{ place: number }>`
    select wanted.place::integer as place
    from unnest(${sql.join([...arrays, instants('eventTimestampMs'), instants('createdTimestampMs'), sql`${rows.map(({ revision }) => revision)}::bigint[]`])})
      with ordinality as wanted (${sql.join([...names, sql.ref('event'), sql.ref('created'), sql.ref('order_revision'), sql.ref('place')])})
    cross join lateral (
      select from ${sql.table(`${table.schema}.${table.name}`)} as history
      where ${sql.join(matches, sql` and `)} and history.event_timestamp = wanted.event
        and history.created_timestamp = wanted.created and history.revision = wanted.order_revision
      limit 1
    ) as found`.execute(store.db);
  const known = new Set(found.map(({ place }) => place));
  return rows.map((_, at) => known.has(at + 1));
}
