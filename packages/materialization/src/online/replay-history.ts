import { systemClock } from '@larder/core';
import { viewRef, type FeatureViewManifest, type Manifest } from '@larder/features';
import { historyPlace, readChunkHistory, type OfflineStore } from '@larder/offline-store';
import type { OnlineStore } from '@larder/online-store';
import { sql } from 'kysely';
import { replayTiles } from '../events/replay-tiles.ts';
import { writeOnline } from './write-online.ts';

export interface ReplayHistoryOptions {
  readonly store: OfflineStore;
  readonly onlineStore: OnlineStore;
  readonly manifest: Manifest;
  readonly view: FeatureViewManifest;
}

/**
 * Writes the whole history of a view version to the online store, chunk by chunk; the newest row of a key wins. Of a windowed view
 * it writes the tiles.
 */
export async function replayHistory(options: ReplayHistoryOptions): Promise<void> {
  const { store, onlineStore, manifest, view } = options;
  if (view.windowed !== undefined) return replayTiles({ ...options, clock: systemClock });
  const entity = manifest.entities[view.entity];
  if (entity === undefined) throw new Error(`The manifest lacks the entity of ${viewRef(view)}.`);
  const { schema, name } = historyPlace(manifest, view);
  const { rows } = await sql<{ chunk_id: number }>`
    select distinct chunk_id from ${sql.table(`${schema}.${name}`)} order by chunk_id`.execute(store.db);
  for (const { chunk_id: chunkId } of rows)
    await writeOnline(await readChunkHistory(store, manifest, view, chunkId), { onlineStore, view, entity });
}
