import type { LastOrder, TileState } from '@larder/features';
import { sql, type RawBuilder } from 'kysely';
import { byteaArray, float8Array, int2Array, int8Array, textArray } from '../connection/binary-arrays.ts';
import type { OfflineStore, StoreTransaction } from '../offline-store.ts';
import { lockKeys } from '../history/lock-keys.ts';
import { tableOf } from './event-table.ts';
import type { WindowedView } from './windowed-view.ts';

/** Which tile of which entity. */
export interface TilePlace {
  readonly entityKey: string;
  /** Index of the window in the view. */
  readonly window: number;
  /** [tile · hop, (tile + 1) · hop) since the epoch. */
  readonly tile: number;
}

/** Times of the newest event of a tile. */
export interface NewestEvent {
  readonly eventTimestampMs: number;
  readonly createdTimestampMs: number;
}

export interface StoredTile extends TilePlace {
  readonly state: TileState;
  /** Grows with each change of the tile. */
  readonly version: number;
  readonly newest: NewestEvent;
  /** Of the run that changed it last. */
  readonly revision: number;
}

export function tileId({ window, tile, entityKey }: TilePlace): string {
  return `${window} ${tile} ${entityKey}`;
}

type Db = Pick<OfflineStore | StoreTransaction, 'db'>;

interface TileRow {
  readonly entity_key: string;
  readonly window_index: number;
  readonly tile: number;
  readonly version: number;
  readonly newest_event: number;
  readonly newest_created: number;
  readonly revision: number;
  readonly numbers: string;
  readonly lasts: readonly (LastOrder | null)[] | null;
  readonly sketches: string | null;
}

// `offset 0` below keeps the planner from joining the whole table with a few thousand places: each is one look-up in the index.
const COLUMNS = sql`t.entity_key, t.window_index, t.tile, t.version, t.newest_event, t.newest_created, t.revision,
  t.numbers::text as numbers, t.lasts, t.sketches::text as sketches`;

export async function readTiles(
  store: Db,
  view: WindowedView,
  places: readonly TilePlace[],
): Promise<StoredTile[]> {
  if (places.length === 0) return [];
  const { rows } = await sql<TileRow>`
    select t.* from unnest(${textArray(places.map(({ entityKey }) => entityKey))}::text[],
      ${int2Array(places.map(({ window }) => window))}::smallint[],
      ${int8Array(places.map(({ tile }) => tile))}::bigint[]) g (entity_key, window_index, tile)
    cross join lateral (select ${COLUMNS} from ${tableOf(view.table)} t
      where t.entity_key = g.entity_key and t.window_index = g.window_index and t.tile = g.tile
      offset 0) t`.execute(store.db);
  return rows.map(storedTile);
}

/** Those of the entities that have a tile. */
export async function entitiesWithTiles(
  store: Db,
  view: WindowedView,
  entityKeys: Iterable<string>,
): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ entity_key: string }>`
    select g.entity_key from unnest(${textArray([...entityKeys])}::text[]) g (entity_key)
    cross join lateral (select from ${tableOf(view.table)} t where t.entity_key = g.entity_key limit 1) t`.execute(
    store.db,
  );
  return new Set(rows.map((row) => row.entity_key));
}

/** Entities that have tiles, in the order of their keys, after this one. */
export async function tiledEntityKeys(
  store: Db,
  view: WindowedView,
  { after, limit }: { readonly after: string | null; readonly limit: number },
): Promise<string[]> {
  const { rows } = await sql<{ entity_key: string }>`
    select distinct entity_key from ${tableOf(view.table)}
    where ${after}::text is null or entity_key > ${after}::text order by entity_key limit ${limit}`.execute(
    store.db,
  );
  return rows.map((row) => row.entity_key);
}

/** All tiles of these entities that are kept. */
export async function readTilesOf(
  store: Db,
  view: WindowedView,
  entityKeys: readonly string[],
): Promise<StoredTile[]> {
  if (entityKeys.length === 0) return [];
  const { rows } = await sql<TileRow>`
    select t.* from unnest(${textArray(entityKeys)}::text[]) g (entity_key)
    cross join lateral (select ${COLUMNS} from ${tableOf(view.table)} t
      where t.entity_key = g.entity_key offset 0) t`.execute(store.db);
  return rows.map(storedTile);
}

/**
 * Writes whole tiles in the order of their keys; the caller holds their lock (`lockTiles`). A tile of version 1 is a new one:
 * inserting it without asking for a conflict takes half as long.
 */
export async function writeTiles(tx: Db, view: WindowedView, tiles: readonly StoredTile[]): Promise<void> {
  const sorted = tiles.toSorted(
    (a, b) => compare(a.entityKey, b.entityKey) || a.window - b.window || a.tile - b.tile,
  );
  const fresh = sorted.filter(({ version }) => version === 1);
  const known = sorted.filter(({ version }) => version > 1);
  if (fresh.length > 0) await insertTiles(tx, view, fresh, sql``);
  if (known.length > 0)
    await insertTiles(
      tx,
      view,
      known,
      sql`on conflict (entity_key, window_index, tile) do update
        set version = excluded.version, newest_event = excluded.newest_event, newest_created = excluded.newest_created,
          revision = excluded.revision, numbers = excluded.numbers, lasts = excluded.lasts,
          sketches = excluded.sketches`,
    );
}

async function insertTiles(
  tx: Db,
  { table, fold }: WindowedView,
  tiles: readonly StoredTile[],
  onConflict: RawBuilder<unknown>,
): Promise<void> {
  const numbers = Array.from({ length: fold.numbers }, (_, at) =>
    float8Array(tiles.map(({ state }) => state.numbers[at] ?? null)),
  );
  const sketches = Array.from({ length: fold.sketches }, (_, at) =>
    byteaArray(tiles.map(({ state }) => state.sketches[at] ?? NO_SKETCH)),
  );
  // each `unnest` gives the value of the same tile
  await sql`
    insert into ${tableOf(table)} as t
      (entity_key, window_index, tile, version, newest_event, newest_created, revision, numbers, lasts, sketches)
    select unnest(${textArray(tiles.map(({ entityKey }) => entityKey))}::text[]),
      unnest(${int2Array(tiles.map(({ window }) => window))}::smallint[]),
      unnest(${int8Array(tiles.map(({ tile }) => tile))}::bigint[]),
      unnest(${int8Array(tiles.map(({ version }) => version))}::bigint[]),
      unnest(${int8Array(tiles.map(({ newest }) => newest.eventTimestampMs))}::bigint[]),
      unnest(${int8Array(tiles.map(({ newest }) => newest.createdTimestampMs))}::bigint[]),
      unnest(${int8Array(tiles.map(({ revision }) => revision))}::bigint[]),
      array[${sql.join(numbers.map((array) => sql`unnest(${array}::double precision[])`))}]::double precision[],
      ${fold.lasts === 0 ? sql`null` : sql`unnest(${textArray(tiles.map(({ state }) => JSON.stringify(state.lasts)))}::text[])::jsonb`},
      ${fold.sketches === 0 ? sql`null` : sql`array[${sql.join(sketches.map((array) => sql`unnest(${array}::bytea[])`))}]`}
    ${onConflict}`.execute(tx.db);
}

const NO_SKETCH = new Uint8Array(0);

/**
 * Locks the tiles of these entities until the transaction ends. Whoever changes tiles holds it from before reading them,
 * so none is counted twice or lost; always taken in the same order, view by view.
 */
export async function lockTiles(
  tx: Db,
  { table }: WindowedView,
  entityKeys: Iterable<string>,
): Promise<void> {
  await lockKeys(tx, `larder:tiles:${table.schema}.${table.name}`, entityKeys);
}

function storedTile(row: TileRow): StoredTile {
  return {
    entityKey: row.entity_key,
    window: row.window_index,
    tile: row.tile,
    version: row.version,
    revision: row.revision,
    newest: { eventTimestampMs: row.newest_event, createdTimestampMs: row.newest_created },
    state: {
      numbers: inBraces(row.numbers).map((text) => (text === 'NULL' ? null : Number(text))),
      lasts: row.lasts === null ? [] : [...row.lasts],
      // as PostgreSQL writes them: {"\\x0102"}
      sketches:
        row.sketches === null
          ? []
          : inBraces(row.sketches).map((text) => Buffer.from(text.slice(4, -1), 'hex')),
    },
  };
}

function inBraces(text: string): string[] {
  return text === '{}' ? [] : text.slice(1, -1).split(',');
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
