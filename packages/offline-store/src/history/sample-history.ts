import { sql } from 'kysely';
import type { OfflineStore } from '../offline-store.ts';
import { historyPlace, type HistoryProject, type HistoryView } from './history-table.ts';

export interface SampledRow {
  /** Join keys as text, in the order of the entity. */
  readonly keys: readonly string[];
  readonly eventTimestampMs: number;
}

export interface SampleOptions {
  /** Only rows with a later event timestamp. */
  readonly after: Date;
  readonly limit: number;
}

/** Pages that are read for each wanted row, so that rows of many pages are in the sample. */
const OVERSAMPLING = 20;

/** Some entities of a view version's history, from random pages, each with its newest row among them; none when there are no rows. */
export async function sampleHistory(
  store: Pick<OfflineStore, 'db'>,
  project: HistoryProject,
  view: HistoryView,
  { after, limit }: SampleOptions,
): Promise<SampledRow[]> {
  const place = historyPlace(project, view);
  const name = `${place.schema}.${place.name}`;
  const { rows: sized } = await sql<{ estimated: number | null }>`
    select sum(c.reltuples)::float8 as estimated from pg_partition_tree(to_regclass(${name})) t
    join pg_class c on c.oid = t.relid where t.isleaf`.execute(store.db);
  const estimated = sized[0]?.estimated ?? null;
  if (estimated === null) return [];
  const percent = Math.min(100, Math.max(0.1, (100 * OVERSAMPLING * limit) / Math.max(1, estimated)));
  const keys = sql.join(place.keys.map((key) => sql`${sql.ref(key.name)}::text`));
  const { rows } = await sql<SampledRow>`
    select keys, (extract(epoch from max(event_timestamp)) * 1000)::float8 as "eventTimestampMs"
    from (
      select array[${keys}] as keys, event_timestamp from ${sql.table(name)} tablesample system (${percent}::float4)
      where event_timestamp > ${after.toISOString()} limit ${limit}) sampled
    group by keys`.execute(store.db);
  return rows;
}
