import type { FoldedEvent } from '@larder/features';
import type { StoreTransaction } from '../offline-store.ts';
import type { EventTable } from './event-table.ts';
import type { ChangedTiles } from './land-events.ts';
import { eventsOfTiles } from './read-events.ts';
import {
  entitiesWithTiles,
  lockTiles,
  readTiles,
  tileId,
  writeTiles,
  type NewestEvent,
  type StoredTile,
  type TilePlace,
} from './tiles.ts';
import type { WindowedView } from './windowed-view.ts';

export interface TileEvents extends TilePlace {
  readonly events: readonly FoldedEvent[];
}

export interface ChangeTilesOptions {
  readonly view: WindowedView;
  readonly table: EventTable;
  /** Of the run that changes them. */
  readonly revision: number;
  /** Events that tiles get in addition to what they have. */
  readonly added: readonly TileEvents[];
  /** Tiles that are folded again from all of their events. */
  readonly refolded: readonly TilePlace[];
}

/** Brings tiles up to date, and returns them as they are now. */
export async function changeTiles(
  tx: Pick<StoreTransaction, 'db'>,
  { view, table, revision, added, refolded }: ChangeTilesOptions,
): Promise<ChangedTiles> {
  const places = [...added, ...refolded];
  const keys = new Set(places.map(({ entityKey }) => entityKey));
  if (keys.size === 0) return { view, tiles: [], partial: keys };
  await lockTiles(tx, view, keys);
  const known = await entitiesWithTiles(tx, view, keys);
  const stored = await readTiles(
    tx,
    view,
    places.filter(({ entityKey }) => known.has(entityKey)),
  );
  const storedById = new Map(stored.map((tile) => [tileId(tile), tile]));
  const all = await eventsOfTiles(tx, { view, table, places: refolded });
  const changed = [
    ...added.map((place) => changedTile(storedById.get(tileId(place)), place, place.events, true)),
    ...refolded.map((place) =>
      changedTile(storedById.get(tileId(place)), place, all.get(tileId(place)) ?? [], false),
    ),
  ];
  await writeTiles(tx, view, changed);
  return { view, tiles: changed, partial: known };

  function changedTile(
    before: StoredTile | undefined,
    { entityKey, window, tile }: TilePlace,
    events: readonly FoldedEvent[],
    adds: boolean,
  ): StoredTile {
    return {
      entityKey,
      window,
      tile,
      version: (before?.version ?? 0) + 1,
      revision: Math.max(revision, before?.revision ?? 0),
      newest: newestOf(events, before?.newest),
      state: view.fold.add(adds ? (before?.state ?? null) : null, events),
    };
  }
}

function newestOf(events: readonly FoldedEvent[], before: NewestEvent | undefined): NewestEvent {
  let newest = before ?? { eventTimestampMs: 0, createdTimestampMs: 0 };
  for (const { eventTimestampMs, createdTimestampMs } of events)
    if (
      eventTimestampMs > newest.eventTimestampMs ||
      (eventTimestampMs === newest.eventTimestampMs && createdTimestampMs > newest.createdTimestampMs)
    )
      newest = { eventTimestampMs, createdTimestampMs };
  return newest;
}
