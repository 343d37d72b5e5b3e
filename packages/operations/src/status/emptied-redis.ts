import { viewRef, type FeatureViewManifest, type Manifest } from '@larder/features';
import { historyTable, type OfflineStore } from '@larder/offline-store';
import { sql } from 'kysely';
import type { Problem } from './problem.ts';

/** Whether Redis has no row of these views of the project. */
export type HoldsNoRows = (project: string, views: readonly ViewOfRows[]) => Promise<boolean>;

/** A view version, and the entity whose keys have its rows. */
interface ViewOfRows {
  readonly entity: string;
  readonly ref: string;
}

/**
 * Redis answers and has no row of these views, while history has rows that were online and cannot have expired: those of
 * views that never expire, and the newest of a view as long as half of its TTL is left. Windows may end by themselves,
 * and workers write them again by themselves.
 */
export async function emptiedRedis(
  { db }: Pick<OfflineStore, 'db'>,
  manifest: Manifest,
  holdsNoRows: HoldsNoRows,
): Promise<Problem[]> {
  const { project } = manifest;
  const online = await db
    .selectFrom('larder.view_freshness')
    .select(['view', 'version', 'newest_event_timestamp as newest'])
    // Nothing is on its way to Redis.
    .select(sql<boolean>`coalesce(newest_online_at >= newest_landed_at, false)`.as('settled'))
    .select(sql<Date>`now()`.as('now'))
    .where('project', '=', project)
    .where('rows_online', '>', 0)
    .execute();
  const lasting: FeatureViewManifest[] = [];
  const stored: ViewOfRows[] = [];
  let holdsFresh = false;
  for (const { view, version, newest, settled, now } of online) {
    const applied = manifest.feature_views[viewRef({ name: view, version })];
    if (applied === undefined || applied.windowed !== undefined) continue;
    stored.push({ entity: applied.entity, ref: viewRef(applied) });
    if (applied.ttl_ms === 'forever') lasting.push(applied);
    else if (settled && newest !== null && Number(now) - Number(newest) < applied.ttl_ms / 2)
      holdsFresh = true;
  }
  if ((lasting.length === 0 && !holdsFresh) || !(await holdsNoRows(project, stored))) return [];
  if (holdsFresh) return [EMPTIED];
  for (const view of lasting) {
    const { schema, name } = historyTable(manifest, view);
    const { rows } = await sql`select from ${sql.id(schema, name)} limit 1`.execute(db);
    if (rows.length > 0) return [EMPTIED];
  }
  return [];
}

const EMPTIED: Problem = {
  kind: 'redis_emptied',
  severity: 'act',
  subject: 'Redis',
  since: null,
  detail:
    'it has no rows, and history has rows that were online: models answer from their defaults or refuse',
  next: 'larder restore',
};
