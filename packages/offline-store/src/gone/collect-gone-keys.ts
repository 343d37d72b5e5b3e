import { sql } from 'kysely';
import { NEWEST_FIRST } from '../history/newest-first.ts';
import { historyTable, type HistoryProject } from '../history/history-table.ts';
import type { FeatureViewManifest } from '@larder/features';
import type { StoreTransaction } from '../offline-store.ts';
import { keyHash, type SeenBy } from './key-hash-sql.ts';

export interface GoneKeys {
  /** Keys that are in the temporary table `gone_keys`, with the columns of the join keys, until the transaction ends. */
  readonly gone: number;
  /** Keys that the run saw. */
  readonly seen: number;
}

/**
 * Collects the keys which history has and the run did not see: their newest row does not say so yet, and none of their
 * rows landed since the run was planned. Reads the key index of the whole history once.
 */
export async function collectGoneKeys(
  { db }: Pick<StoreTransaction, 'db'>,
  project: HistoryProject,
  view: FeatureViewManifest,
  by: SeenBy & { readonly plannedAt: Date },
): Promise<GoneKeys> {
  const table = historyTable(project, view);
  const history = sql.table(`${table.schema}.${table.name}`);
  const names = sql.join(table.keys.map(({ name }) => sql.ref(name)));
  const same = (one: string, other: string) =>
    sql.join(
      table.keys.map(({ name }) => sql`${sql.ref(`${one}.${name}`)} = ${sql.ref(`${other}.${name}`)}`),
      sql` and `,
    );
  // CREATE TABLE AS takes no parameters.
  await sql`create temporary table gone_keys on commit drop as select ${names} from ${history} with no data`.execute(
    db,
  );
  const { numAffectedRows } = await sql`
    with seen as materialized (
      select distinct unnest(hashes) as hash from larder.seen_keys where run_id = ${by.runId}::uuid
    ), known as (
      select distinct ${names} from ${history}
    ), absent as materialized (
      select ${names} from known where not exists (select from seen where seen.hash = ${keyHash(table, 'known', by)})
    )
    insert into gone_keys
    select ${sql.join(table.keys.map(({ name }) => sql.ref(`absent.${name}`)))} from absent cross join lateral (
      select ${sql.raw(table.isGone)} as is_gone from ${history} as h where ${same('h', 'absent')}
      order by ${sql.raw(NEWEST_FIRST)} limit 1) newest
    where not newest.is_gone and not exists (
      select from ${history} as h where ${same('h', 'absent')} and h.landed_at >= ${by.plannedAt})`.execute(
    db,
  );
  const { rows } = await sql<{ seen: number }>`
    select count(*)::float8 as seen from (
      select distinct unnest(hashes) from larder.seen_keys where run_id = ${by.runId}::uuid) seen`.execute(
    db,
  );
  return { gone: Number(numAffectedRows ?? 0n), seen: rows[0]?.seen ?? 0 };
}

/** SQL for a key of `gone_keys` as a JSON array of texts that sources take. */
export function goneKeyTexts(project: HistoryProject, view: FeatureViewManifest) {
  return sql`jsonb_build_array(${sql.join(
    historyTable(project, view).keys.map(({ name, sqlType }) =>
      sqlType === 'timestamptz'
        ? sql`to_char(${sql.ref(name)} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`
        : sql`${sql.ref(name)}::text`,
    ),
  )})`;
}
