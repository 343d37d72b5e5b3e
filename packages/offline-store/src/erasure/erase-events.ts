import { sql, type RawBuilder } from 'kysely';
import { fieldColumn } from '../history/field-column.ts';
import { keyTexts } from '../history/key-parameters.ts';
import type { OfflineStore } from '../offline-store.ts';
import { countRemoved } from './count-removed.ts';
import type { Erasure } from './erasure.ts';

const ROWS_PER_STEP = 2_000;
const EVENTS_PER_STEP = 2_000;

/**
 * Deletes the key's events from every source whose fields have the join keys of its entity, and its tiles. What such events added to the
 * tiles of other entities stays: a sum over many events holds no key.
 */
export async function eraseEvents(
  store: Pick<OfflineStore, 'db' | 'transaction'>,
  erasure: Erasure,
): Promise<void> {
  const { project, entity, entityKey } = erasure;
  const keys = entity.join_keys.map(fieldColumn);
  for (const name of await eventTablesOf(store, erasure)) {
    const place = { ref: name, schema: `${project}_history`, name, keys };
    const ofKey = sql.join(
      keys.map((column) => {
        const [text = ''] = keyTexts(place, column.name, [erasure.keys]);
        return sql`${sql.ref(column.name)} = ${text}::text::${sql.raw(column.sqlType)}`;
      }),
      sql` and `,
    );
    const table = `${project}_history.${name}`;
    while ((await eraseEditions(store, erasure, { table, where: ofKey })) === EVENTS_PER_STEP);
  }
  for (const name of await tileTablesOf(store, erasure))
    await deleteAll(store, erasure, {
      table: `${project}_history.${name}`,
      where: sql`entity_key = ${entityKey}`,
    });
}

export async function tileTablesOf(
  store: Pick<OfflineStore, 'db'>,
  { project, entity }: Pick<Erasure, 'project' | 'entity'>,
): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select view || '_v' || version || '_tiles' as name from larder.windowed_views
    where project = ${project} and definition -> 'entity' ->> 'name' = ${entity.name}`.execute(store.db);
  return rows.map(({ name }) => name);
}

/** Tables of events that have the join keys of the entity as columns. */
export async function eventTablesOf(
  store: Pick<OfflineStore, 'db'>,
  { project, entity }: Pick<Erasure, 'project' | 'entity'>,
): Promise<string[]> {
  const names = entity.join_keys.map(({ name }) => name);
  const types = entity.join_keys.map((key) => fieldColumn(key).sqlType);
  const { rows } = await sql<{ name: string }>`
    select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'p' and n.nspname = ${`${project}_history`} and c.relname like '%\\_events'
      and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'edition')
      and not exists (
        select from unnest(${names}::text[], ${types}::text[]) key (name, type)
        where not exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = key.name
          and a.atttypid = key.type::regtype and not a.attisdropped))
    order by 1`.execute(store.db);
  return rows.map(({ name }) => name);
}

interface Deletion {
  readonly table: string;
  readonly where: RawBuilder<unknown>;
}

/**
 * Deletes editions of this key. Locks their events first: a landing that corrects or retracts one waits, or its edition is found too;
 * a retraction names no key, so a tombstone does not stop it.
 *
 * An event that was corrected from another key to this one, or back, keeps its editions of this key as retracted ones without content:
 * without them, an edition that they replaced would count again, or come again.
 * @returns the number of events
 */
async function eraseEditions(
  store: Pick<OfflineStore, 'transaction'>,
  erasure: Erasure,
  { table: name, where }: Deletion,
): Promise<number> {
  const table = sql.table(name);
  return store.transaction(async (tx) => {
    const { rows: events } = await sql<{ id: string; at: string }>`
      select g.event_id as id, g.event_timestamp::text as at from (
        select distinct event_id, event_timestamp from ${table} where ${where}
        order by event_id, event_timestamp limit ${EVENTS_PER_STEP}) g
      cross join lateral (select from ${table} e
        where e.event_id = g.event_id and e.event_timestamp = g.event_timestamp and e.edition = 0
        for no key update) e`.execute(tx.db);
    if (events.length === 0) return 0;
    const locked = sql`(event_id, event_timestamp) in (
      select * from unnest(${events.map(({ id }) => id)}::text[], ${events.map(({ at }) => at)}::timestamptz[]))`;
    const { rows: fields } = await sql<{ name: string }>`
      select attname as name from pg_attribute
      where attrelid = ${name}::regclass and attnum > 0 and not attisdropped and not attnotnull`.execute(
      tx.db,
    );
    const blank = sql.join(fields.map((field) => sql`${sql.ref(field.name)} = null`));
    const blanked = await sql`
      with replaced as materialized (
        select event_id, event_timestamp from ${table} where ${locked}
        group by 1, 2 having bool_or((${where}) is not true)
      )
      update ${table} set is_retracted = true, ${blank}
      where ${where} and (event_id, event_timestamp) in (select event_id, event_timestamp from replaced)`.execute(
      tx.db,
    );
    const deleted = await sql`delete from ${table} where ${where} and ${locked}`.execute(tx.db);
    const count = Number(blanked.numAffectedRows) + Number(deleted.numAffectedRows);
    await countRemoved(tx, erasure, { place: `history:${name}`, count });
    return events.length;
  });
}

async function deleteAll(
  store: Pick<OfflineStore, 'transaction'>,
  erasure: Erasure,
  { table, where }: Deletion,
): Promise<void> {
  let count: number;
  do {
    count = await store.transaction(async (tx) => {
      const { rows } = await sql<{ count: number }>`
        with gone as (
          delete from ${sql.table(table)} where ${where} and (tableoid, ctid) in (
            select tableoid, ctid from ${sql.table(table)} where ${where} limit ${ROWS_PER_STEP})
          returning 1
        ) select count(*)::integer as count from gone`.execute(tx.db);
      const deleted = rows[0]?.count ?? 0;
      await countRemoved(tx, erasure, { place: `history:${table}`, count: deleted });
      return deleted;
    });
  } while (count === ROWS_PER_STEP);
}
