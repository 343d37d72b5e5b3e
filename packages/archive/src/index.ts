// DuckDB
export { describeColumns } from './duckdb/describe-columns.ts';
export type { DataColumn } from './duckdb/describe-columns.ts';
export { openDuckdb } from './duckdb/open-duckdb.ts';
export type { Duckdb, DuckdbOptions, DuckdbParameters, QueryOptions } from './duckdb/open-duckdb.ts';
export { scanFile } from './duckdb/scan-file.ts';
export type { DataFile, DataFormat } from './duckdb/scan-file.ts';
export { quotedName, textLiteral } from './duckdb/sql-text.ts';
export { writeFile } from './duckdb/write-file.ts';
export type { WrittenFile } from './duckdb/write-file.ts';
