import type { FeatureViewManifest } from '@larder/features';
import { sql } from 'kysely';
import type { OfflineStore } from '../offline-store.ts';
import { tableOf } from './event-table.ts';
import { tileTable } from './windowed-view.ts';

/** Who changed the windows of an entity last. */
export interface TileChange {
  /** Null when the run has been deleted. */
  readonly runId: string | null;
  /** Null where the run has several chunks, any of which may have changed them, or was deleted; also for both times. */
  readonly chunkId: number | null;
  readonly landedAt: Date | null;
  readonly onlineAt: Date | null;
}

/** Null: no event of the entity is in a window that is kept. */
export async function lastTileChange(
  store: Pick<OfflineStore, 'db'>,
  {
    project,
    view,
  }: { readonly project: string; readonly view: Pick<FeatureViewManifest, 'name' | 'version'> },
  entityKey: string,
): Promise<TileChange | null> {
  const { schema, name } = tileTable(project, view);
  const { rows: known } = await sql<{ exists: boolean }>`
    select to_regclass(format('%I.%I', ${schema}::text, ${name}::text)) is not null as exists`.execute(
    store.db,
  );
  if (known[0]?.exists !== true) return null;
  const { rows } = await sql<TileChange>`
    select r.run_id as "runId", c.chunk_id as "chunkId", c.landed_at as "landedAt", c.online_at as "onlineAt"
    from (
      select max(revision) as revision from ${tableOf({ schema, name })} where entity_key = ${entityKey}
    ) newest
    left join larder.runs r on r.project = ${project} and r.revision = newest.revision
    left join larder.chunks c on c.run_id = r.run_id and not exists (
      select from larder.chunks other where other.run_id = r.run_id and other.chunk_id <> c.chunk_id)
    where newest.revision is not null`.execute(store.db);
  return rows[0] ?? null;
}
