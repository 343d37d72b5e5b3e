import { parseEntityKey, type FieldValue, type FoldedEvent } from '@larder/features';
import { sql } from 'kysely';
import type { OfflineStore, StoreTransaction } from '../offline-store.ts';
import { fieldText, fromSqlText, keyColumns, sqlText, tableOf, type EventTable } from './event-table.ts';
import { tileId, type TilePlace } from './tiles.ts';
import type { WindowedView } from './windowed-view.ts';

export interface EventsOfTilesOptions {
  readonly view: WindowedView;
  readonly table: EventTable;
  readonly places: readonly TilePlace[];
}

/**
 * The events that count in each of these tiles, by `tileId`: the latest edition of each, unless it is retracted. In the order
 * of their times.
 */
export async function eventsOfTiles(
  store: Pick<OfflineStore | StoreTransaction, 'db'>,
  { view, table, places }: EventsOfTilesOptions,
): Promise<ReadonlyMap<string, readonly FoldedEvent[]>> {
  const found = new Map<string, FoldedEvent[]>();
  if (places.length === 0) return found;
  const { entity, windowed } = view;
  const spans = places.map(({ window, tile }) => {
    const hopMs = windowed.windows[window]?.hop_ms ?? Number.NaN;
    return { from: tile * hopMs, to: (tile + 1) * hopMs };
  });
  const keys = places.map(({ entityKey }) => parseEntityKey(entity, entityKey));
  const columns = keyColumns(table, entity);
  const { rows } = await sql<{
    place: number;
    event_id: string;
    at: number;
    created: number;
    fields: (string | null)[];
  }>`
    select g.place::integer as place, e.event_id, (extract(epoch from e.event_timestamp) * 1000)::bigint as at,
      (extract(epoch from e.created_timestamp) * 1000)::bigint as created,
      array[${sql.join(table.fields.map((field) => fieldText(field, 'e')))}]::text[] as fields
    from unnest(${spans.map(({ from }) => from)}::double precision[], ${spans.map(({ to }) => to)}::double precision[],
      ${sql.join(
        columns.map(
          ({ name, sqlType }) =>
            sql`${keys.map((key) => sqlText(key[name] as FieldValue))}::text[]::${sql.raw(sqlType)}[]`,
        ),
      )}) with ordinality g (from_ms, to_ms, ${sql.join(columns.map((_, at) => sql.ref(`key${at}`)))}, place)
    cross join lateral (select * from ${tableOf(table)} e where ${sql.join(
      columns.map(({ name }, at) => sql`${sql.ref(`e.${name}`)} = ${sql.ref(`g.key${at}`)}`),
      sql` and `,
    )} and e.event_timestamp >= to_timestamp(g.from_ms / 1000) and e.event_timestamp < to_timestamp(g.to_ms / 1000)
      and not e.is_retracted and not coalesce((
        select true from ${tableOf(table)} later
        where later.event_id = e.event_id and later.event_timestamp = e.event_timestamp and later.edition > e.edition
        limit 1), false)
      offset 0) e
    order by e.event_timestamp, e.created_timestamp, e.event_id`.execute(store.db);
  for (const row of rows) {
    const id = tileId(places[row.place - 1] as TilePlace);
    const event: FoldedEvent = {
      eventId: row.event_id,
      eventTimestampMs: row.at,
      createdTimestampMs: row.created,
      values: Object.fromEntries(
        table.fields.map(({ name, field }, at) => [name, fromSqlText(field, row.fields[at] ?? null)]),
      ),
    };
    const events = found.get(id);
    if (events) events.push(event);
    else found.set(id, [event]);
  }
  return found;
}
