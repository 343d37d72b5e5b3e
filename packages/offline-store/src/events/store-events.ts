import type { FieldValue } from '@larder/features';
import { sql, type RawBuilder } from 'kysely';
import { float8Array, int4Array, textArray } from '../connection/binary-arrays.ts';
import type { StoreTransaction } from '../offline-store.ts';
import {
  fieldText,
  fromSqlText,
  sqlText,
  tableOf,
  type ArrivedEvent,
  type EventColumn,
  type EventTable,
} from './event-table.ts';

/** Which run the events belong to. */
export interface EventLanding {
  readonly chunkId: number;
  readonly revision: number;
}

export interface ReplacedEvent {
  readonly was: ArrivedEvent;
  readonly now: ArrivedEvent;
  /** As it came. */
  readonly arrival: ArrivedEvent;
}

export interface StoredEvents {
  /** Events that were not there. */
  readonly fresh: readonly ArrivedEvent[];
  /** Corrected and retracted ones. */
  readonly replaced: readonly ReplacedEvent[];
  /** Arrivals that changed nothing. */
  readonly duplicates: readonly ArrivedEvent[];
}

/**
 * Appends events to history. An event that is there already is a duplicate, unless its content is new: then it is a correction,
 * stored as the next edition. What was retracted stays retracted. Editions of an event are known in the order of their numbers.
 *
 * Order of locks, so that concurrent landings never wait in a circle: first editions in the order of ids, then those of known
 * events, in the same order; tiles come after them.
 * @param events each id and timestamp at most once
 */
export async function storeEvents(
  tx: Pick<StoreTransaction, 'db'>,
  table: EventTable,
  { events, chunkId, revision }: EventLanding & { readonly events: readonly ArrivedEvent[] },
): Promise<StoredEvents> {
  const landing = { chunkId, revision };
  const known = await insertFirst(tx, table, events, landing);
  if (known.size === 0) return { fresh: events, replaced: [], duplicates: [] };
  const fresh = events.filter((_, at) => !known.has(at));
  const again = events.filter((_, at) => known.has(at));
  const changed = await changedAmong(tx, table, again);
  if (changed.length > 0) {
    await lockFirst(tx, table, changed);
    // what another transaction committed while this one waited
    const editions = await editionsOf(tx, table, changed);
    const { rows, replaced } = editionsAfter(table, changed, editions);
    await insertEditions(tx, table, rows, landing);
    // an erasure deleted what these replace
    const alone = changed.filter((event) => !editions.has(idOf(event)));
    const first = alone.length === 0 ? null : await storeEvents(tx, table, { ...landing, events: alone });
    if (first !== null) {
      fresh.push(...first.fresh);
      replaced.push(...first.replaced);
    }
    const took = new Set([...fresh, ...replaced.map(({ arrival }) => arrival)]);
    return { fresh, replaced, duplicates: again.filter((event) => !took.has(event)) };
  }
  return { fresh, replaced: [], duplicates: again };
}

interface Edition {
  readonly edition: number;
  readonly event: ArrivedEvent;
}

/** @returns the places of those that are there already */
async function insertFirst(
  tx: Pick<StoreTransaction, 'db'>,
  table: EventTable,
  events: readonly ArrivedEvent[],
  landing: EventLanding,
): Promise<ReadonlySet<number>> {
  const inserted = await insertRows(
    tx,
    table,
    events.map((event) => ({ edition: 0, event })),
    landing,
  );
  if (inserted.count === events.length) return new Set();
  const landed = new Set(inserted.ids);
  return new Set([...events.keys()].filter((at) => !landed.has(idOf(events[at] as ArrivedEvent))));
}

async function insertEditions(
  tx: Pick<StoreTransaction, 'db'>,
  table: EventTable,
  rows: readonly Edition[],
  landing: EventLanding,
): Promise<void> {
  if (rows.length === 0) return;
  const { count } = await insertRows(tx, table, rows, landing);
  if (count !== rows.length) throw new Error(`Editions of ${table.name} were written without their lock.`);
}

async function insertRows(
  tx: Pick<StoreTransaction, 'db'>,
  table: EventTable,
  rows: readonly Edition[],
  { chunkId, revision }: EventLanding,
): Promise<{ readonly count: number; readonly ids: readonly string[] }> {
  const { fields } = table;
  const names = fields.map(({ name }) => sql`, ${sql.ref(name)}`);
  const values = fields.map((field, at) => {
    const column = columnArray(
      field,
      rows.map(({ event }) => event.values[field.name] ?? null),
    );
    // a field may be called `at`
    return sql`, unnest(${column}) as ${sql.ref(`f${at}`)}`;
  });
  // each `unnest` gives the value of the same event
  const arrived = sql`(
      select unnest(${textArray(rows.map(({ event }) => event.eventId))}::text[]) collate "C" as event_id,
        unnest(${float8Array(rows.map(({ event }) => event.eventTimestampMs))}::double precision[]) as at,
        unnest(${float8Array(rows.map(({ event }) => event.createdTimestampMs))}::double precision[]) as created,
        unnest(${int4Array(rows.map(({ edition }) => edition))}::integer[]) as edition,
        unnest(${int4Array(rows.map(({ event }) => Number(event.isRetracted)))}::integer[])::boolean as is_retracted
        ${concat(values)}
    ) g`;
  const { rows: found } = await sql<{ count: number; ids: string[] | null }>`
    with inserted as (
      insert into ${tableOf(table)}
        (event_id, event_timestamp, created_timestamp, edition, is_retracted, revision, chunk_id ${concat(names)})
      select event_id, to_timestamp(at / 1000), to_timestamp(created / 1000), edition, is_retracted,
        ${revision}::bigint, ${chunkId}::bigint ${concat(fields.map((_, at) => sql`, ${sql.ref(`f${at}`)}`))}
      from ${arrived} order by event_id, at
      on conflict (event_id, event_timestamp, edition) do nothing
      returning event_id, event_timestamp
    ), counted as (select count(*)::integer as count from inserted)
    select count, case when count < ${rows.length} then (
      select array_agg((extract(epoch from event_timestamp) * 1000)::bigint || ' ' || event_id) from inserted) end as ids
    from counted`.execute(tx.db);
  return { count: found[0]?.count ?? 0, ids: found[0]?.ids ?? [] };
}

/** The values of a field as a parameter, cast to an array of the column's type. */
function columnArray(
  { field, sqlType }: EventColumn,
  values: readonly (FieldValue | null)[],
): RawBuilder<unknown> {
  if (field.type === 'float64') return sql`${float8Array(values as (number | null)[])}::double precision[]`;
  return sql`${textArray(values.map(sqlText))}::text[]::${sql.raw(sqlType)}[]`;
}

function concat(parts: readonly RawBuilder<unknown>[]): RawBuilder<unknown> {
  return sql.join(parts, sql``);
}

/** Those of the known events whose content is new. */
async function changedAmong(
  tx: Pick<StoreTransaction, 'db'>,
  table: EventTable,
  events: readonly ArrivedEvent[],
): Promise<readonly ArrivedEvent[]> {
  const editions = await editionsOf(tx, table, events);
  return events.filter((event) => isNew(table, event, editions.get(idOf(event)) ?? []));
}

function isNew(table: EventTable, event: ArrivedEvent, editions: readonly Edition[]): boolean {
  if (editions.at(-1)?.event.isRetracted === true) return false;
  if (event.isRetracted) return true;
  return !editions.some(({ event: before }) => sameContent(table, before, event));
}

function sameContent({ fields }: EventTable, a: ArrivedEvent, b: ArrivedEvent): boolean {
  return fields.every(({ name }) => sqlText(a.values[name] ?? null) === sqlText(b.values[name] ?? null));
}

async function lockFirst(
  tx: Pick<StoreTransaction, 'db'>,
  table: EventTable,
  events: readonly ArrivedEvent[],
): Promise<void> {
  await sql`
    select from (select * from ${idsOf(events)} order by id collate "C", at) g
    cross join lateral (select from ${tableOf(table)} e
      where e.event_id = g.id and e.event_timestamp = to_timestamp(g.at / 1000) and e.edition = 0
      for no key update) e`.execute(tx.db);
}

function idsOf(events: readonly ArrivedEvent[]) {
  return sql`unnest(${textArray(events.map(({ eventId }) => eventId))}::text[],
    ${float8Array(events.map(({ eventTimestampMs }) => eventTimestampMs))}::double precision[]) g (id, at)`;
}

async function editionsOf(
  tx: Pick<StoreTransaction, 'db'>,
  table: EventTable,
  events: readonly ArrivedEvent[],
): Promise<ReadonlyMap<string, readonly Edition[]>> {
  const { fields } = table;
  const { rows } = await sql<{
    event_id: string;
    at: number;
    created: number;
    edition: number;
    is_retracted: boolean;
    fields: (string | null)[];
  }>`
    select g.id as event_id, g.at, (extract(epoch from e.created_timestamp) * 1000)::bigint as created, e.edition,
      e.is_retracted, array[${sql.join(fields.map((field) => fieldText(field, 'e')))}]::text[] as fields
    from ${idsOf(events)}
    cross join lateral (select * from ${tableOf(table)} e
      where e.event_id = g.id and e.event_timestamp = to_timestamp(g.at / 1000)
      offset 0) e
    order by e.edition`.execute(tx.db);
  const editions = new Map<string, Edition[]>();
  for (const row of rows) {
    const event: ArrivedEvent = {
      eventId: row.event_id,
      eventTimestampMs: row.at,
      createdTimestampMs: row.created,
      isRetracted: row.is_retracted,
      values: Object.fromEntries(
        fields.map(({ name, field }, at) => [name, fromSqlText(field, row.fields[at] ?? null)]),
      ),
    };
    const id = idOf(event);
    editions.set(id, [...(editions.get(id) ?? []), { edition: row.edition, event }]);
  }
  return editions;
}

function editionsAfter(
  table: EventTable,
  events: readonly ArrivedEvent[],
  editions: ReadonlyMap<string, readonly Edition[]>,
): { readonly rows: Edition[]; readonly replaced: ReplacedEvent[] } {
  const rows: Edition[] = [];
  const replaced: ReplacedEvent[] = [];
  for (const event of events) {
    const before = editions.get(idOf(event)) ?? [];
    const latest = before.at(-1);
    if (latest === undefined || !isNew(table, event, before)) continue;
    const now: ArrivedEvent = {
      ...event,
      // clocks of two processes may differ, and a later edition is never known before an earlier one
      createdTimestampMs: Math.max(event.createdTimestampMs, latest.event.createdTimestampMs),
      values: event.isRetracted ? latest.event.values : event.values,
    };
    rows.push({ edition: latest.edition + 1, event: now });
    replaced.push({ was: latest.event, now, arrival: event });
  }
  return { rows, replaced };
}

/** An event is the same by its id and timestamp. */
export function idOf({ eventId, eventTimestampMs }: ArrivedEvent): string {
  return `${eventTimestampMs} ${eventId}`;
}
