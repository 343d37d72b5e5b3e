import { viewRef, type FeatureViewManifest, type Manifest } from '@larder/features';
import { historyPlace, readChunkHistory, type OfflineStore } from '@larder/offline-store';
import type { OnlineStore } from '@larder/online-store';
import { sql } from 'kysely';
import { writeOnline } from './write-online.ts';

export interface ReplayHistoryOptions {
  readonly store: OfflineStore;
  readonly onlineStore: OnlineStore;
  readonly manifest: Manifest;
  readonly view: FeatureViewManifest;
}

/** Writes the whole history of a view version to the online store, chunk by chunk; the newest row of a key wins. */
export async function replayHistory(options: ReplayHistoryOptions): Promise<void> {
  const { store, onlineStore, manifest, view } = options;
  const entity = manifest.entities[view.entity];
  if (entity === undefined) throw new Error(`The manifest lacks the entity of ${viewRef(view)}.`);
  const { schema, name } = historyPlace(manifest, view);
  const { rows } = await sql<{ chunk_id: number }>`
    select distinct chunk_id from ${sql.table(`${schema}.${name}`)} order by chunk_id`.execute(store.db);
  for (const { chunk_id: chunkId } of rows)
    await writeOnline(await readChunkHistory(store, manifest, view, chunkId), { onlineStore, view, entity });
}
