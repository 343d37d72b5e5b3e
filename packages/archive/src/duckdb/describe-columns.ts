import type { Duckdb, QueryOptions } from './open-duckdb.ts';

export interface DataColumn {
  readonly name: string;
  /** DuckDB's name of the type, such as `BIGINT`, `FLOAT[]` or `TIMESTAMP WITH TIME ZONE`. */
  readonly type: string;
}

/** Columns of a relation: a table, or what `scanFile` returns. */
export async function describeColumns(
  duckdb: Pick<Duckdb, 'all'>,
  relation: string,
  options: QueryOptions = {},
): Promise<DataColumn[]> {
  const rows = await duckdb.all<{ column_name: string; column_type: string }>(
    `describe select * from ${relation}`,
    options,
  );
  return rows.map((row) => ({ name: row.column_name, type: row.column_type }));
}
