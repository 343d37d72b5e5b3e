import type { ColumnType } from 'kysely';

/** A pushed row of an open run, in the order of arrival. */
export interface StagedRowsTable {
  run_id: string;
  ordinal: number;
  entity_key: string;
  /** Columns of the source as JSON of the HTTP API, with the times. */
  columns: ColumnType<Readonly<Record<string, unknown>>, string, never>;
}
