import type { EventTimeRange, SourceBounds } from '../source-bounds.ts';

/** Unlikely to be a column of the user's query, which would hide it in `alias::text`. */
export const SOURCE_ALIAS = 'larder_source_row';

export interface Condition {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

export interface SourceColumns {
  readonly joinKeys: readonly string[];
  readonly eventTimestamp: string;
}

export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Parameters are texts without a cast, so that they take the column's type and an index on it can be used. */
export function conditionOf(bounds: SourceBounds, columns: SourceColumns): Condition {
  const parameters: unknown[] = [];
  const bind = (value: unknown) => `$${parameters.push(value)}`;
  const keys = columns.joinKeys.map(identifier);
  const row = (texts: readonly string[]) => (texts.length === 1 ? texts[0] : `(${texts.join(', ')})`);
  const parts: string[] = [];
  switch (bounds.kind) {
    case 'range':
      parts.push(
        `${row(keys)} >= ${row(bounds.lower.map(bind))}`,
        `${row(keys)} <= ${row(bounds.upper.map(bind))}`,
      );
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
