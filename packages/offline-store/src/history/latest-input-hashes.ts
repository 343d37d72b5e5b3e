import type { RowOrder } from '@larder/core';
import type { FeatureViewManifest } from '@larder/features';
import { sql } from 'kysely';
import type { OfflineStore } from '../offline-store.ts';
import { historyTable, type HistoryProject } from './history-table.ts';
import { keyRows, keysMatch, type KeyValues } from './key-parameters.ts';
import { NEWEST_FIRST } from './newest-first.ts';

export interface LatestInputHash extends RowOrder {
  readonly inputHash: bigint;
  /** The source no longer has the key. Absent: it has. */
  readonly isGone?: true;
}

/** Reads the input hash of the newest row of each key, in the order of `keys`; null for a key without history. */
export async function latestInputHashes(
  store: Pick<OfflineStore, 'db'>,
  project: HistoryProject,
  view: FeatureViewManifest,
  keys: readonly KeyValues[],
): Promise<(LatestInputHash | null)[]> {
  if (keys.length === 0) return [];
  const table = historyTable(project, view);
  const { rows } = await sql<{
    at: number;
    event: Date;
    created: Date;
    revision: number;
    hash: string;
    gone: boolean;
  }>`
    select wanted.ordinality as at, newest.*
    from ${keyRows(table, keys)}
    cross join lateral (
      select event_timestamp as event, created_timestamp as created, revision, input_hash::text as hash, ${sql.raw(table.isGone)} as gone
      from ${sql.table(`${table.schema}.${table.name}`)} as history
      where ${keysMatch(table)}
      order by ${sql.raw(NEWEST_FIRST)}
      limit 1
    ) as newest`.execute(store.db);
  const latest = keys.map((): LatestInputHash | null => null);
  for (const row of rows)
    latest[row.at - 1] = {
      eventTimestampMs: row.event.getTime(),
      createdTimestampMs: row.created.getTime(),
      revision: row.revision,
      inputHash: BigInt(row.hash),
      ...(row.gone && { isGone: true as const }),
    };
  return latest;
}
