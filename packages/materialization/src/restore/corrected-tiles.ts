import { readTilesOf, type OfflineStore, type WindowedView } from '@larder/offline-store';
import { CLOCK_ALLOWANCE_MS, compileTileCodec, firstTileAt, type Tile } from '@larder/online-store';
import { entityTiles } from '../events/write-tiles-online.ts';

interface TileRow {
  readonly entityKey: string;
  readonly row: Buffer;
}

/**
 * Rows of a windowed view with a tile that PostgreSQL does not have, or had at an earlier version: their events are lost. The
 * greatest version of a tile wins, so each is replaced as a whole, by the tiles that PostgreSQL has. Null: it has none.
 */
export async function correctedTiles<Row extends TileRow>(
  store: OfflineStore,
  {
    view,
    rows,
    nowMs,
  }: { readonly view: WindowedView | undefined; readonly rows: readonly Row[]; readonly nowMs: number },
): Promise<Map<Row, Buffer | null>> {
  if (view === undefined) return new Map(rows.map((row) => [row, null]));
  const codec = compileTileCodec({ ...view.manifest, windowed: view.windowed });
  const oldest = codec.layout.windows.map((window) =>
    Math.max(0, firstTileAt(window, nowMs - CLOCK_ALLOWANCE_MS)),
  );
  const stored = await readTilesOf(
    store,
    view,
    rows.map(({ entityKey }) => entityKey),
  );
  const known = new Map(entityTiles(view, stored).map((each) => [each.entityKey, each]));
  const corrected = new Map<Row, Buffer | null>();
  for (const row of rows) {
    const held = codec.decode(row.row);
    const own = known.get(row.entityKey);
    const places = new Map(own?.tiles.map((tile) => [placeOf(tile), tile]));
    const isKnown =
      held !== null &&
      held.tiles.every((tile) => {
        const now = places.get(placeOf(tile));
        return now !== undefined && (now.version > tile.version || sameTile(now, tile));
      });
    if (isKnown) continue;
    const covering = own?.tiles.filter(({ window, index }) => index >= (oldest[window] ?? 0)) ?? [];
    corrected.set(row, own === undefined || covering.length === 0 ? null : codec.encode(own, covering));
  }
  return corrected;
}

function placeOf({ window, index }: Tile): string {
  return `${window} ${index}`;
}

function sameTile(a: Tile, b: Tile): boolean {
  if (a.version !== b.version) return false;
  return a.states.every((state, at) => {
    const other = b.states[at];
    return state instanceof Uint8Array && other instanceof Uint8Array
      ? Buffer.compare(state, other) === 0
      : Object.is(state, other);
  });
}
