import { recordChange, type ChangedTiles, type StoreTransaction } from '@larder/offline-store';

interface TilesToTell {
  readonly project: string;
  readonly runId: string;
  readonly chunkId: number;
  readonly revision: number;
  readonly changed: readonly ChangedTiles[];
}

/** One change of the feed for each view whose tiles changed: its rows are the entities. */
export async function tellTiles(
  tx: StoreTransaction,
  { project, runId, chunkId, revision, changed }: TilesToTell,
): Promise<void> {
  for (const { view, tiles } of changed) {
    if (tiles.length === 0) continue;
    let [first, last] = [Infinity, 0];
    for (const { newest } of tiles) {
      first = Math.min(first, newest.eventTimestampMs);
      last = Math.max(last, newest.eventTimestampMs);
    }
    await recordChange(tx, project, {
      kind: 'landed',
      view: view.manifest.name,
      version: view.manifest.version,
      runId,
      chunkId,
      revision,
      rows: new Set(tiles.map(({ entityKey: key }) => key)).size,
      firstEventTimestampMs: first,
      lastEventTimestampMs: last,
    });
  }
}
