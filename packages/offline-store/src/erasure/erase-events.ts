import { sql, type RawBuilder } from 'kysely';
import { fieldColumn } from '../history/field-column.ts';
import { keyTexts } from '../history/key-parameters.ts';
import type { OfflineStore } from '../offline-store.ts';
import { countRemoved } from './count-removed.ts';
import type { Erasure } from './erasure.ts';

const ROWS_PER_STEP = 2_000;

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
    await blankEditions(store, erasure, { table, where: ofKey });
    await deleteAll(store, erasure, { table, where: ofKey });
  }
  const { rows: views } = await sql<{ view: string; version: number }>`
    select view, version from larder.windowed_views
    where project = ${project} and definition -> 'entity' ->> 'name' = ${entity.name}`.execute(store.db);
  for (const { view, version } of views)
    await deleteAll(store, erasure, {
      table: `${project}_history.${view}_v${version}_tiles`,
      where: sql`entity_key = ${entityKey}`,
    });
}

/** Tables of events that have the join keys of the entity as columns. */
async function eventTablesOf(
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
 * An event that was corrected from another key to this one, or back, keeps its editions of this key as retracted ones without content:
 * without them, an edition that they replaced would count again, or come again.
 */
async function blankEditions(
  store: Pick<OfflineStore, 'db' | 'transaction'>,
  erasure: Erasure,
  { table, where }: Deletion,
): Promise<void> {
  const { rows: fields } = await sql<{ name: string }>`
    select attname as name from pg_attribute
    where attrelid = ${table}::regclass and attnum > 0 and not attisdropped and not attnotnull`.execute(
    store.db,
  );
  const blank = sql.join(fields.map(({ name }) => sql`${sql.ref(name)} = null`));
  await store.transaction(async (tx) => {
    const { rows } = await sql<{ count: number }>`
      with replaced as materialized (
        select event_id, event_timestamp from ${sql.table(table)}
        where (event_id, event_timestamp) in (select event_id, event_timestamp from ${sql.table(table)} where ${where})
        group by 1, 2 having bool_or((${where}) is not true)
      ), blanked as (
        update ${sql.table(table)} set is_retracted = true, ${blank}
        where ${where} and (event_id, event_timestamp) in (select event_id, event_timestamp from replaced)
        returning 1
      ) select count(*)::integer as count from blanked`.execute(tx.db);
    await countRemoved(tx, erasure, { place: `history:${table}`, count: rows[0]?.count ?? 0 });
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
