import type { FieldValue } from '@larder/features';
import { sql, type RawBuilder } from 'kysely';
import type { HistoryPlace } from './history-table.ts';

export type KeyValues = Readonly<Record<string, FieldValue>>;

/** `unnest` over one typed array per join key, in the order of `keys`, as columns named like the join keys and `ordinality`. */
export function keyRows(table: HistoryPlace, keys: readonly KeyValues[]): RawBuilder<unknown> {
  const arrays = table.keys.map((column) => {
    const values = keyTexts(table, column.name, keys);
    return sql`${values}::text[]::${sql.raw(column.sqlType)}[]`;
  });
  const names = [...table.keys.map((column) => column.name), 'ordinality'];
  return sql`unnest(${sql.join(arrays)}) with ordinality as wanted (${sql.join(names.map((name) => sql.ref(name)))})`;
}

/** Values as text, which PostgreSQL casts to the join key's type, in the order of `keys`. */
export function keyTexts(table: HistoryPlace, name: string, keys: readonly KeyValues[]): string[] {
  return keys.map((key) => parameter(table, name, key[name]));
}

/** `history.a = wanted.a and history.b = wanted.b`. */
export function keysMatch(table: HistoryPlace): RawBuilder<boolean> {
  const pairs = table.keys.map(
    ({ name }) => sql`${sql.ref(`history.${name}`)} = ${sql.ref(`wanted.${name}`)}`,
  );
  return sql<boolean>`${sql.join(pairs, sql` and `)}`;
}

function parameter(table: HistoryPlace, name: string, value: FieldValue | undefined): string {
  if (value === undefined || value === null) throw new Error(`${table.ref}: join key ${name} is missing.`);
  return value instanceof Date ? value.toISOString() : `${value as string | number | bigint | boolean}`;
}
