import { sql } from 'kysely';
import { expect } from 'vitest';
import { ensureHistory, HISTORY_SCHEMAS, TABLES } from '../index.ts';
import { project, test, view } from '../testing/store.ts';

interface Listed {
  readonly schema: string;
  readonly table: string;
  readonly columns: readonly string[];
}

test('every column of every table is on the list of places where a key can lie', async ({ store }) => {
  await ensureHistory(store, project, view('clicks', [{ name: 'count', type: 'float32' }]));
  const { rows } = await sql<Listed>`
    select c.table_schema as schema, c.table_name as table, array_agg(c.column_name::text) as columns
    from information_schema.columns c
    join pg_class t on t.relname = c.table_name and t.relnamespace = c.table_schema::regnamespace
    where t.relkind in ('r', 'p') and not t.relispartition
      and c.table_schema not in ('pg_catalog', 'information_schema', 'public')
    group by 1, 2`.execute(store.db);
  const unlisted = rows.filter(({ schema }) => schema !== 'larder' && !HISTORY_SCHEMAS.test(schema));
  expect(unlisted).toEqual([]);
  const there = rows
    .filter(({ schema }) => schema === 'larder')
    .map(({ table, columns }) => [table, columns.toSorted()]);
  const listed = Object.entries(TABLES).map(([table, place]) => [
    table,
    [...Object.keys(place.columns), ...place.without].toSorted(),
  ]);
  expect(Object.fromEntries(there)).toEqual(Object.fromEntries(listed));
});
