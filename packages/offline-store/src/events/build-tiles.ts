import {
  entityKey,
  MAX_ENTITY_KEY_BYTES,
  parseEntityKey,
  type EntityManifest,
  type EventSourceManifest,
  type FieldValue,
  type FoldedEvent,
  type TileState,
} from '@larder/features';
import { sql, type RawBuilder } from 'kysely';
import type { OfflineStore, StoreTransaction } from '../offline-store.ts';
import {
  eventTable,
  fieldText,
  fromSqlText,
  keyColumns,
  sqlText,
  tableOf,
  type EventColumn,
  type EventTable,
} from './event-table.ts';
import {
  lockTiles,
  readTilesOf,
  tileId,
  writeTiles,
  type NewestEvent,
  type StoredTile,
  type TilePlace,
} from './tiles.ts';
import { oldestTiles, type WindowedView } from './windowed-view.ts';

/** Entities of one chunk of a build. */
export interface TileBounds {
  readonly kind: 'tiles';
  /** Canonical keys, in the order of the events' join keys; the last is included. Null: open. */
  readonly from: string | null;
  readonly to: string | null;
}

export interface TileChunk {
  readonly bounds: TileBounds;
  /** Number of entities. */
  readonly rows: number;
}

type Db = Pick<OfflineStore | StoreTransaction, 'db'>;

/** Characters that a key escapes. */
const ESCAPED = sql.lit(String.raw`[%|{}\x01-\x1f\x7f]`);
const KEYS_PER_CHUNK = 500;
const EVENTS_PER_FETCH = 5_000;
const TILES_PER_WRITE = 5_000;

/** Cuts the entities that a window still reaches into chunks; with `keys`, only those. */
export async function planTiles(
  store: Db,
  { project, source, view, keys, nowMs }: TilePlan,
): Promise<TileChunk[]> {
  if (keys !== undefined)
    return keys.map((key) => ({ bounds: { kind: 'tiles', from: key, to: key }, rows: 1 }));
  const table = eventTable(project, source);
  const columns = keyColumns(table, view.entity);
  const names = sql.join(columns.map(({ name }) => sql.ref(name)));
  const size = sql.raw(String(KEYS_PER_CHUNK));
  const texts = sql`array[${sql.join(columns.map((column) => fieldText(column, 'k')))}]::text[]`;
  const { rows } = await sql<{ first: string[]; last: string[]; keys: number }>`
    with k as (
      select distinct ${names} from ${tableOf(table)}
      where event_timestamp >= to_timestamp(${oldestMs(view, nowMs)} / 1000.0) and ${hasKey(columns)}
    ), numbered as (
      select ${texts} as key, row_number() over (order by ${names}) - 1 as at, count(*) over () as total from k
    )
    select min(key) filter (where at % ${size} = 0) as first,
      max(key) filter (where at % ${size} = ${size} - 1 or at = total - 1) as last,
      count(*)::integer as keys
    from numbered group by at / ${size} order by at / ${size}`.execute(store.db);
  return rows.map(({ first, last, keys: count }) => ({
    bounds: {
      kind: 'tiles',
      from: keyOf(view.entity, columns, first),
      to: keyOf(view.entity, columns, last),
    },
    rows: count,
  }));
}

export interface TilePlan {
  readonly project: string;
  readonly source: EventSourceManifest;
  readonly view: WindowedView;
  /** Canonical. @default all */
  readonly keys?: readonly string[];
  readonly nowMs: number;
}

export interface BuildTilesOptions extends Omit<TilePlan, 'keys'> {
  readonly bounds: TileBounds;
  readonly revision: number;
}

/**
 * Folds the tiles of these entities again from all of their events, whatever the tiles were; safe beside landings, which wait for
 * the tiles of these entities meanwhile.
 * @returns the tiles as they are now
 */
export async function buildTiles(
  tx: Pick<StoreTransaction, 'db'>,
  { project, source, view, bounds, revision, nowMs }: BuildTilesOptions,
): Promise<readonly StoredTile[]> {
  const table = eventTable(project, source);
  const columns = keyColumns(table, view.entity);
  const inRange = sql`${between(view.entity, columns, bounds)}
    and e.event_timestamp >= to_timestamp(${oldestMs(view, nowMs)} / 1000.0)`;
  const keys = await distinctKeys(tx, { table, view, inRange });
  await lockTiles(tx, view, keys);
  const before = new Map((await readTilesOf(tx, view, keys)).map((tile) => [tileId(tile), tile]));
  const folded = await foldEvents(tx, { table, view, inRange, nowMs });
  for (const [id, { entityKey: key, window, tile }] of before)
    if (!folded.has(id))
      folded.set(id, {
        place: { entityKey: key, window, tile },
        state: view.fold.add(null, []),
        newest: NONE,
      });
  const tiles = Array.from(folded, ([id, { place, state, newest }]): StoredTile => ({
    ...place,
    state,
    newest,
    version: (before.get(id)?.version ?? 0) + 1,
    revision: Math.max(revision, before.get(id)?.revision ?? 0),
  }));
  for (let start = 0; start < tiles.length; start += TILES_PER_WRITE)
    await writeTiles(tx, view, tiles.slice(start, start + TILES_PER_WRITE));
  return tiles;
}

interface FoldedTile {
  readonly place: TilePlace;
  state: TileState;
  newest: NewestEvent;
}

const NONE: NewestEvent = { eventTimestampMs: 0, createdTimestampMs: 0 };

interface FoldOptions {
  readonly table: EventTable;
  readonly view: WindowedView;
  readonly inRange: RawBuilder<unknown>;
  readonly nowMs: number;
}

async function foldEvents(
  tx: Pick<StoreTransaction, 'db'>,
  { table, view, inRange, nowMs }: FoldOptions,
): Promise<Map<string, FoldedTile>> {
  const oldest = oldestTiles(view, nowMs);
  const tiles = new Map<string, FoldedTile>();
  await sql`
    declare larder_events no scroll cursor for
    select e.event_id, (extract(epoch from e.event_timestamp) * 1000)::bigint as at,
      (extract(epoch from e.created_timestamp) * 1000)::bigint as created,
      array[${sql.join(table.fields.map((field) => fieldText(field, 'e')))}]::text[] as fields
    from ${tableOf(table)} e where ${inRange} and not e.is_retracted and not exists (
      select from ${tableOf(table)} later
      where later.event_id = e.event_id and later.event_timestamp = e.event_timestamp and later.edition > e.edition)
    order by e.event_timestamp, e.created_timestamp, e.event_id`.execute(tx.db);
  for (;;) {
    const { rows } = await sql<{ event_id: string; at: number; created: number; fields: (string | null)[] }>`
      fetch ${sql.raw(String(EVENTS_PER_FETCH))} from larder_events`.execute(tx.db);
    const added = new Map<string, { place: TilePlace; events: FoldedEvent[] }>();
    for (const row of rows) {
      const values = Object.fromEntries(
        table.fields.map(({ name, field }, at) => [name, fromSqlText(field, row.fields[at] ?? null)]),
      );
      const event = {
        eventId: row.event_id,
        eventTimestampMs: row.at,
        createdTimestampMs: row.created,
        values,
      };
      const key = entityKey(view.entity, values);
      for (const [window, { hop_ms: hopMs }] of view.windowed.windows.entries()) {
        const place = { entityKey: key, window, tile: Math.floor(row.at / hopMs) };
        if (place.tile < (oldest[window] as number)) continue;
        const id = tileId(place);
        const known = added.get(id);
        if (known) known.events.push(event);
        else added.set(id, { place, events: [event] });
      }
    }
    for (const [id, { place, events }] of added) {
      const tile = tiles.get(id);
      const state = view.fold.add(tile?.state ?? null, events);
      const { eventTimestampMs, createdTimestampMs } = events.at(-1) as FoldedEvent;
      tiles.set(id, { place, state, newest: { eventTimestampMs, createdTimestampMs } });
    }
    if (rows.length < EVENTS_PER_FETCH) break;
  }
  await sql`close larder_events`.execute(tx.db);
  return tiles;
}

async function distinctKeys(
  store: Db,
  { table, view, inRange }: Pick<FoldOptions, 'table' | 'view' | 'inRange'>,
): Promise<string[]> {
  const columns = keyColumns(table, view.entity);
  const { rows } = await sql<{ key: string[] }>`
    select distinct array[${sql.join(columns.map((column) => fieldText(column, 'e')))}]::text[] as key
    from ${tableOf(table)} e where ${inRange}`.execute(store.db);
  return rows.map(({ key }) => keyOf(view.entity, columns, key));
}

/** Canonical keys of the entities of a chunk that built tiles. */
export async function entityKeysOfBuild(
  store: Db,
  { project, source, view, chunkId }: ChunkOfView,
): Promise<string[]> {
  const { rows } = await sql<{ bounds: TileBounds }>`
    select bounds from larder.chunks where chunk_id = ${chunkId}`.execute(store.db);
  const table = eventTable(project, source);
  const [chunk] = rows;
  if (chunk?.bounds.kind !== 'tiles') return [];
  return distinctKeys(store, {
    table,
    view,
    inRange: between(view.entity, keyColumns(table, view.entity), chunk.bounds),
  });
}

export interface ChunkOfView extends Pick<TilePlan, 'project' | 'source' | 'view'> {
  readonly chunkId: number;
}

/** Records that the tiles of all events that were there before the view are built. */
export async function recordBuilt(
  store: Db,
  project: string,
  { name, version }: { readonly name: string; readonly version: number },
): Promise<void> {
  await sql`
    update larder.windowed_views set built_at = now()
    where project = ${project} and view = ${name} and version = ${version} and built_at is null`.execute(
    store.db,
  );
}

/** Canonical keys of the entities with events of this chunk, also as they were before a correction. */
export async function entityKeysOfChunk(
  store: Db,
  { project, source, view, chunkId }: ChunkOfView,
): Promise<string[]> {
  const table = eventTable(project, source);
  const columns = keyColumns(table, view.entity);
  const key = sql`array[${sql.join(columns.map((column) => fieldText(column, 'e')))}]::text[]`;
  const { rows } = await sql<{ key: string[] }>`
    with landed as (select event_id, event_timestamp from ${tableOf(table)} where chunk_id = ${chunkId})
    select distinct ${key} as key from ${tableOf(table)} e join landed using (event_id, event_timestamp)
    where ${hasKey(columns, 'e')}`.execute(store.db);
  return rows.map((row) => keyOf(view.entity, columns, row.key));
}

/** As `keyOfEvent`: the event has every join key, and they are short enough for a key, in which some characters take three bytes. */
function hasKey(columns: readonly EventColumn[], alias?: string): RawBuilder<unknown> {
  const names = columns.map(({ name }) => sql.ref(alias === undefined ? name : `${alias}.${name}`));
  const texts = sql`concat_ws('|', ${sql.join(names)})`;
  const parts = names.map((name) => sql`regexp_replace(${name}::text, ${ESCAPED}, '%00', 'g')`);
  const most = sql.raw(String(MAX_ENTITY_KEY_BYTES));
  return sql`${sql.join(
    names.map((name) => sql`${name} is not null`),
    sql` and `,
  )} and case when octet_length(${texts}) * 3 > ${most}
    then octet_length(concat_ws('|', ${sql.join(parts)})) <= ${most} else true end`;
}

function between(
  entity: EntityManifest,
  columns: readonly EventColumn[],
  { from, to }: TileBounds,
): RawBuilder<unknown> {
  const key = sql`(${sql.join(columns.map(({ name }) => sql.ref(`e.${name}`)))})`;
  const limit = (text: string) => {
    const values = parseEntityKey(entity, text);
    return sql`(${sql.join(
      columns.map(
        ({ name, sqlType }) => sql`${sqlText(values[name] as FieldValue)}::text::${sql.raw(sqlType)}`,
      ),
    )})`;
  };
  const above = from === null ? sql`true` : sql`${key} >= ${limit(from)}`;
  const below = to === null ? sql`true` : sql`${key} <= ${limit(to)}`;
  return sql`${above} and ${below} and ${hasKey(columns, 'e')}`;
}

function keyOf(entity: EntityManifest, columns: readonly EventColumn[], texts: readonly string[]): string {
  return entityKey(
    entity,
    Object.fromEntries(columns.map(({ name, field }, at) => [name, fromSqlText(field, texts[at] ?? null)])),
  );
}

function oldestMs(view: WindowedView, nowMs: number): number {
  const oldest = oldestTiles(view, nowMs);
  return Math.min(
    ...view.windowed.windows.map(({ hop_ms: hopMs }, window) => (oldest[window] as number) * hopMs),
  );
}
