import {
  readTilesOf,
  type ChangedTiles,
  type OfflineStore,
  type StoredTile,
  type WindowedView,
} from '@larder/offline-store';
import type { EntityTiles, OnlineStore } from '@larder/online-store';

export interface WriteTilesDeps {
  readonly offlineStore: OfflineStore;
  readonly onlineStore: OnlineStore;
  readonly nowMs: number;
}

const ENTITIES_PER_WRITE = 500;

/**
 * Writes whole tiles to the online store, where the greatest version of each wins. An entity that had no row, though it has
 * further tiles than these, gets all of them.
 * @returns the number of entities that had no row
 */
export async function writeTilesOnline(
  { view, tiles, partial }: ChangedTiles,
  { offlineStore, onlineStore, nowMs }: WriteTilesDeps,
): Promise<number> {
  const { manifest, windowed } = view;
  const target = { ...manifest, windowed };
  const entities = entityTiles(view, tiles);
  let created = 0;
  for (let start = 0; start < entities.length; start += ENTITIES_PER_WRITE) {
    const page = entities.slice(start, start + ENTITIES_PER_WRITE);
    const outcomes = await onlineStore.writeTiles({ view: target, entities: page, nowMs });
    const isNew = page.filter((_, at) => outcomes[at] === 'created').map(({ entityKey }) => entityKey);
    created += isNew.length;
    const lost = isNew.filter((entityKey) => partial.has(entityKey));
    if (lost.length === 0) continue;
    const all = entityTiles(view, await readTilesOf(offlineStore, view, lost));
    await onlineStore.writeTiles({ view: target, entities: all, nowMs });
  }
  return created;
}

/** The tiles by entity, each with the order key of its newest event. */
export function entityTiles(view: WindowedView, tiles: readonly StoredTile[]): EntityTiles[] {
  const byKey = new Map<string, StoredTile[]>();
  for (const tile of tiles) {
    const of = byKey.get(tile.entityKey);
    if (of) of.push(tile);
    else byKey.set(tile.entityKey, [tile]);
  }
  return Array.from(byKey, ([entityKey, of]) => {
    let { newest, revision } = of[0] as StoredTile;
    for (const tile of of) {
      if (tile.revision > revision) revision = tile.revision;
      const { eventTimestampMs, createdTimestampMs } = tile.newest;
      if (
        eventTimestampMs > newest.eventTimestampMs ||
        (eventTimestampMs === newest.eventTimestampMs && createdTimestampMs > newest.createdTimestampMs)
      )
        newest = tile.newest;
    }
    return {
      entityKey,
      ...newest,
      revision,
      tiles: of.map(({ window, tile: index, version, state }) => ({
        window,
        index,
        version,
        states: view.fold.states(state),
      })),
    };
  });
}
