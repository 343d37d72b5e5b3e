import type { RowOrder } from '@larder/core';
import type { FeatureViewManifest } from '@larder/features';
import { sql } from 'kysely';
import type { OfflineStore } from '../offline-store.ts';
import { historyTable, type HistoryProject, type HistoryTable } from './history-table.ts';
import { keyRows, keysMatch, keyTexts, type KeyValues } from './key-parameters.ts';

export interface StandingRow extends Omit<RowOrder, 'eventTimestampMs'> {
  readonly inputHash: bigint;
}

export interface WantedRow extends Omit<RowOrder, 'revision'> {
  readonly keys: KeyValues;
}

/**
 * Reads the input hash in history for each key and event timestamp, in the given order; null where there is no row. It
 * takes the newest row that was not created later, so that a later correction (a push) does not hide the earlier value
 * of the source; if all were created later, the newest.
 */
export async function inputHashesAt(
  store: Pick<OfflineStore, 'db'>,
  project: HistoryProject,
  view: FeatureViewManifest,
  wanted: readonly WantedRow[],
): Promise<(StandingRow | null)[]> {
  if (wanted.length === 0) return [];
  const table = historyTable(project, view);
  const keys = wanted.map((row) => row.keys);
  const standing: (StandingRow | null)[] = wanted.map(() => null);
  if (await hasNothingBetween(store, table, keys)) return standing;
  const events = wanted.map((row) => new Date(row.eventTimestampMs).toISOString());
  const created = wanted.map((row) => new Date(row.createdTimestampMs).toISOString());
  const { rows } = await sql<{ at: number; created: Date; revision: number; hash: string }>`
    select ordinality as at, standing.*
    from ${keyRows(table, keys)}
    join unnest(${events}::timestamptz[], ${created}::timestamptz[])
      with ordinality as times (wanted_event, wanted_created, ordinality) using (ordinality)
    cross join lateral (
      select created_timestamp as created, revision, input_hash::text as hash
      from ${sql.table(`${table.schema}.${table.name}`)} as history
      where ${keysMatch(table)} and history.event_timestamp = wanted_event
      order by created_timestamp <= wanted_created desc, created_timestamp desc, revision desc
      limit 1
    ) as standing`.execute(store.db);
  for (const row of rows)
    standing[row.at - 1] = {
      createdTimestampMs: row.created.getTime(),
      revision: row.revision,
      inputHash: BigInt(row.hash),
    };
  return standing;
}

/**
 * True when history has no key between the smallest and the greatest of these: one index lookup per partition, where
 * a first load would otherwise look up every row.
 */
async function hasNothingBetween(
  store: Pick<OfflineStore, 'db'>,
  table: HistoryTable,
  keys: readonly KeyValues[],
): Promise<boolean> {
  const [first] = table.keys;
  if (first === undefined || first.sqlType === 'boolean') return false;
  const column = sql.ref(`history.${first.name}`);
  const key = first.sqlType === 'text' ? sql`key collate "C"` : sql`key`;
  const given = sql`unnest(${keyTexts(table, first.name, keys)}::text[]::${sql.raw(first.sqlType)}[]) as key`;
  // The order makes the planner use the index: it does not know the bounds, and assumes that any row of a large table is within them.
  const { rows } = await sql`
    select 1 from ${sql.table(`${table.schema}.${table.name}`)} as history
    where ${column} >= (select min(${key}) from ${given}) and ${column} <= (select max(${key}) from ${given})
    order by ${column}
    limit 1`.execute(store.db);
  return rows.length === 0;
}
