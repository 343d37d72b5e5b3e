import { sql } from 'kysely';
import { fieldColumn } from '../history/field-column.ts';
import { keyTexts } from '../history/key-parameters.ts';
import type { OfflineStore } from '../offline-store.ts';
import { countRemoved } from './count-removed.ts';
import type { Erasure } from './erasure.ts';
import { historyTablesOfEntity, type EntityHistory } from './history-tables-of-entity.ts';

const ROWS_PER_STEP = 2_000;

/** Deletes the key's rows from every history of its entity; chunks keep how many of their rows are gone. */
export async function eraseHistory(
  store: Pick<OfflineStore, 'db' | 'transaction'>,
  erasure: Erasure,
): Promise<void> {
  for (const table of await historyTablesOfEntity(store, erasure))
    while ((await eraseRows(store, erasure, table)) === ROWS_PER_STEP);
}

async function eraseRows(
  store: Pick<OfflineStore, 'transaction'>,
  erasure: Erasure,
  { schema, name }: EntityHistory,
): Promise<number> {
  const place = { ref: `${schema}.${name}`, schema, name, keys: erasure.entity.join_keys.map(fieldColumn) };
  const ofKey = sql.join(
    place.keys.map((column) => {
      const [text = ''] = keyTexts(place, column.name, [erasure.keys]);
      return sql`${sql.ref(column.name)} = ${text}::text::${sql.raw(column.sqlType)}`;
    }),
    sql` and `,
  );
  const history = sql.table(`${schema}.${name}`);
  return store.transaction(async (tx) => {
    const { rows } = await sql<{ count: number }>`
      with gone as (
        delete from ${history} where ${ofKey} and (event_timestamp, created_timestamp, revision) in (
          select event_timestamp, created_timestamp, revision from ${history} where ${ofKey} limit ${ROWS_PER_STEP})
        returning chunk_id
      ), counted as (
        select chunk_id, count(*)::integer as rows from gone group by chunk_id
      ), locked as materialized (
        select chunk_id from larder.chunks where chunk_id in (select chunk_id from counted)
        order by chunk_id for no key update
      ), noted as (
        update larder.chunks c set rows_erased = c.rows_erased + counted.rows
        from counted join locked using (chunk_id) where c.chunk_id = counted.chunk_id
      )
      select count(*)::integer as count from gone`.execute(tx.db);
    const count = rows[0]?.count ?? 0;
    await countRemoved(tx, erasure, { place: `history:${schema}.${name}`, count });
    return count;
  });
}
