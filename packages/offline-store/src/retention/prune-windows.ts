import type { EventSourceManifest } from '@larder/features';
import { sql } from 'kysely';
import { eventTable, tableOf } from '../events/event-table.ts';
import { oldestTiles, windowedViewsOf } from '../events/windowed-view.ts';
import type { OfflineStore } from '../offline-store.ts';
import { dropWithOnlineTimes } from './online-times.ts';

/** Beyond what landings keep: a landing never makes a tile again that was deleted. */
const MARGIN_MS = 3_600_000;
const TILES_PER_STEP = 10_000;

export interface PrunedWindows {
  readonly source: string;
  /** Partitions of events beyond the retention of the source. */
  readonly partitions: readonly string[];
  /** Tiles that no window reaches any more. */
  readonly tiles: number;
}

/** Drops expired events, and deletes tiles that have left their window. */
export async function pruneWindows(
  store: OfflineStore,
  project: string,
  source: EventSourceManifest,
): Promise<PrunedWindows> {
  const partitions = await dropWithOnlineTimes(store, eventTable(project, source), source.retention_ms);
  let tiles = 0;
  for (const view of await windowedViewsOf(store, project, source))
    for (const [window, oldest] of oldestTiles(view, Date.now() - MARGIN_MS).entries())
      for (let count = TILES_PER_STEP; count === TILES_PER_STEP; tiles += count) {
        const { rows } = await sql<{ count: number }>`
          with gone as (
            delete from ${tableOf(view.table)} where ctid = any (array(
              select ctid from ${tableOf(view.table)} where window_index = ${window} and tile < ${oldest}
              limit ${TILES_PER_STEP}))
            returning 1
          ) select count(*)::integer as count from gone`.execute(store.db);
        count = rows[0]?.count ?? 0;
      }
  return { source: source.name, partitions, tiles };
}
