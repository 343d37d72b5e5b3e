import type { EventTimeRange, SourceBounds } from '../source-bounds.ts';
import type { SqlQuery } from './sql-query.ts';

/** Unlikely to be a column of the user's query, which would hide it in `alias::text`. */
export const SOURCE_ALIAS = 'larder_source_row';

interface Statement {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

type SourceColumns = Pick<SqlQuery, 'joinKeys' | 'eventTimestamp'>;

export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Selects the rows of a chunk, in the same order at every attempt. */
export function rowsWithin(query: SqlQuery, bounds: SourceBounds): Statement {
  const { sql, parameters } = conditionOf(bounds, query);
  const maxRows = bounds.kind === 'keys' ? null : bounds.maxRows;
  const limit = maxRows === null ? '' : ` limit ${maxRows}`;
  // The text of the whole row orders rows that are otherwise equal. The database builds it for every row, so it is left
  // out when no rows can be equal.
  const mayBeEqual = bounds.kind !== 'range' || bounds.oneRowPerKey !== true;
  const order = mayBeEqual ? `${query.order}, ${SOURCE_ALIAS}::text` : query.order;
  return {
    sql: `select ${SOURCE_ALIAS}.* from ${query.from} where ${sql} order by ${order}${limit}`,
    parameters,
  };
}

/** Parameters are passed as text without a cast, so that they take the column's type and an index on it can be used. */
function conditionOf(bounds: SourceBounds, columns: SourceColumns): Statement {
  const parameters: unknown[] = [];
  const bind = (value: unknown) => `$${parameters.push(value)}`;
  const keys = columns.joinKeys.map(identifier);
  const row = (texts: readonly string[]) => (texts.length === 1 ? texts[0] : `(${texts.join(', ')})`);
  const parts: string[] = [];
  switch (bounds.kind) {
    case 'range':
      if (bounds.lower !== null) parts.push(`${row(keys)} >= ${row(bounds.lower.map(bind))}`);
      if (bounds.upper !== null) parts.push(`${row(keys)} <= ${row(bounds.upper.map(bind))}`);
      // An open end has the rows without a key, which are a chunk of their own.
      if (bounds.lower === null || bounds.upper === null)
        parts.push(...keys.map((key) => `${key} is not null`));
      break;
    case 'keys':
      parts.push(
        keys.length === 1
          ? `${keys[0]} = any(${bind(bounds.keys.map((key) => key[0]))})`
          : `(${keys.join(', ')}) in (${bounds.keys.map((key) => row(key.map(bind))).join(', ')})`,
      );
      break;
    case 'null_keys':
      parts.push(`(${keys.map((key) => `${key} is null`).join(' or ')})`);
      break;
  }
  if (bounds.kind !== 'keys' && bounds.eventTime) parts.push(eventTimeSql(bounds.eventTime, columns, bind));
  return { sql: parts.join(' and '), parameters };
}

export function eventTimeSql(
  range: EventTimeRange,
  columns: SourceColumns,
  bind: (value: unknown) => string,
): string {
  const column = identifier(columns.eventTimestamp);
  return `${column} >= ${bind(range.from)} and ${column} < ${bind(range.to)}`;
}
