import type { Duckdb } from './open-duckdb.ts';
import { textLiteral } from './sql-text.ts';

export interface WrittenFile {
  readonly path: string;
  readonly format: 'parquet' | 'csv';
  /** Parquet: rows of one group, which readers skip by its statistics and hold in memory. @default 122880 */
  readonly rowGroupRows?: number;
  /** Columns by which the rows are sorted, as SQL. @default as the query gives them, in no particular order */
  readonly orderBy?: readonly string[];
}

/** Writes the rows of a query: Parquet compressed with zstd, or CSV that `scanFile` reads back. @returns the number of rows */
export async function writeFile(
  duckdb: Pick<Duckdb, 'all'>,
  query: string,
  { path, format, rowGroupRows = 122_880, orderBy }: WrittenFile,
): Promise<number> {
  const ordered = orderBy === undefined ? query : `select * from (${query}) order by ${orderBy.join(', ')}`;
  const how =
    format === 'parquet'
      ? `format parquet, compression zstd, row_group_size ${rowGroupRows}`
      : `format csv, header, nullstr ''`;
  const [written] = await duckdb.all<{ Count: bigint }>(
    `copy (${ordered}) to ${textLiteral(path)} (${how})`,
    { what: `Writing ${path}` },
  );
  return Number(written?.Count ?? 0);
}
