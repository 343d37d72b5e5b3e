/** Rows by a query on a named PostgreSQL connection. */
export interface SqlSource {
  readonly kind: 'sql';
  readonly connection: string;
  /** Gives the join keys, an event timestamp and what `compute` or the schema needs; no trailing semicolon. */
  readonly query: string;
  /** @default 'event_timestamp' */
  readonly eventTimestampColumn: string;
  /** When the source knew the row; without it: event timestamp + the view's `availableAfter`. */
  readonly createdTimestampColumn: string | null;
}

export type Source = SqlSource;

export interface SqlSourceOptions {
  readonly connection: string;
  readonly query: string;
  readonly eventTimestampColumn?: string;
  readonly createdTimestampColumn?: string;
}

export function sqlSource(options: SqlSourceOptions): SqlSource {
  return {
    kind: 'sql',
    connection: options.connection,
    query: options.query.trim(),
    eventTimestampColumn: options.eventTimestampColumn ?? 'event_timestamp',
    createdTimestampColumn: options.createdTimestampColumn ?? null,
  };
}
