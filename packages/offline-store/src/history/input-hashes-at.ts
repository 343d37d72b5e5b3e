import type { FeatureViewManifest } from '@larder/features';
import { sql } from 'kysely';
import type { OfflineStore } from '../offline-store.ts';
import { historyTable, type HistoryProject } from './history-table.ts';
import { keyRows, keysMatch, type KeyValues } from './key-parameters.ts';

export interface StandingRow {
  readonly createdTimestampMs: number;
  readonly revision: number;
  readonly inputHash: bigint;
}

/** The newest row that stands in history for each key and event timestamp, in the order given; null where there is none. */
export async function inputHashesAt(
  store: Pick<OfflineStore, 'db'>,
  project: HistoryProject,
  view: FeatureViewManifest,
  wanted: readonly { readonly keys: KeyValues; readonly eventTimestampMs: number }[],
): Promise<(StandingRow | null)[]> {
  if (wanted.length === 0) return [];
  const table = historyTable(project, view);
  const keys = wanted.map((row) => row.keys);
  const events = wanted.map((row) => new Date(row.eventTimestampMs).toISOString());
  const { rows } = await sql<{ at: number; created: Date; revision: number; hash: string }>`
    select ordinality as at, standing.*
    from ${keyRows(table, keys)}
    join unnest(${events}::timestamptz[]) with ordinality as events (wanted_event, ordinality) using (ordinality)
    cross join lateral (
      select created_timestamp as created, revision, input_hash::text as hash
      from ${sql.table(`${table.schema}.${table.name}`)} as history
      where ${keysMatch(table)} and history.event_timestamp = wanted_event
      order by created_timestamp desc, revision desc
      limit 1
    ) as standing`.execute(store.db);
  const standing: (StandingRow | null)[] = wanted.map(() => null);
  for (const row of rows)
    standing[row.at - 1] = {
      createdTimestampMs: row.created.getTime(),
      revision: row.revision,
      inputHash: BigInt(row.hash),
    };
  return standing;
}
