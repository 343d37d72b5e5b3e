import { historyPlace, type HistoryProject, type OfflineStore } from '@larder/offline-store';
import type { FeatureViewManifest } from '@larder/features';
import { sql } from 'kysely';

export interface HistoryLimits {
  readonly landedBefore: Date;
  readonly revision: number;
}

/** A landing locks its history table early; a transaction that is open for longer without a lock writes no history. */
const YOUNG_SECONDS = 60;

/**
 * Up to when history is complete: rows carry the start of their transaction as `landed_at`, so that a transaction that
 * is still open may add rows from before now. A build that reads only earlier ones gives the same rows later.
 */
export async function historyLimits(
  { db }: Pick<OfflineStore, 'db'>,
  project: HistoryProject,
  views: readonly FeatureViewManifest[],
): Promise<HistoryLimits> {
  const tables = views.map((view) => {
    const { schema, name } = historyPlace(project, view);
    return `${schema}.${name}`;
  });
  const { rows } = await sql<{ landedBefore: Date; revision: number | null }>`
    with tables as (
      select t.relid from unnest(${tables}::text[]) as name, pg_partition_tree(to_regclass(name)) t),
    writers as (
      select a.xact_start from pg_stat_activity a
      where a.datname = current_database() and a.pid <> pg_backend_pid() and a.xact_start is not null
      and (a.xact_start > now() - make_interval(secs => ${YOUNG_SECONDS})
        or exists (select from pg_locks l where l.pid = a.pid and l.mode = 'RowExclusiveLock'
          and l.relation in (select relid from tables))))
    select date_trunc('milliseconds', least(now(), (select min(xact_start) from writers))) as "landedBefore",
      (select max(revision) from larder.runs where project = ${project.project}) as revision`.execute(db);
  const [found] = rows;
  if (found === undefined) throw new Error('A query without a table returned no row.');
  return { landedBefore: found.landedBefore, revision: found.revision ?? 0 };
}
