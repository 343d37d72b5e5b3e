import { sql, type RawBuilder } from 'kysely';
import pg from 'pg';

/** A value in the text of a statement that takes no parameters, such as COPY. */
export function literal(value: string | number | Date): RawBuilder<unknown> {
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new Error(`${value} cannot be written into a statement.`);
    return sql.raw(String(value));
  }
  if (value instanceof Date) return sql`${literal(value.toISOString())}::timestamptz`;
  return sql.raw(pg.escapeLiteral(value));
}
