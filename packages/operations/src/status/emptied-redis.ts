import { viewRef, type Manifest } from '@larder/features';
import { historyTable, type OfflineStore } from '@larder/offline-store';
import { sql } from 'kysely';
import type { Problem } from './problem.ts';

/**
 * Redis answers and has no row, while history has rows that were online and never expire. A window or a row with a TTL may
 * end by itself, so they tell nothing.
 */
export async function emptiedRedis(
  { db }: Pick<OfflineStore, 'db'>,
  manifest: Manifest,
  holdsNoRows: () => Promise<boolean>,
): Promise<Problem[]> {
  const { project } = manifest;
  const online = await db
    .selectFrom('larder.view_freshness')
    .select(['view', 'version'])
    .where('project', '=', project)
    .where('rows_online', '>', 0)
    .execute();
  const lasting = online.flatMap(({ view, version }) => {
    const applied = manifest.feature_views[viewRef({ name: view, version })];
    return applied?.ttl_ms === 'forever' && applied.windowed === undefined ? [applied] : [];
  });
  if (lasting.length === 0 || !(await holdsNoRows())) return [];
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
