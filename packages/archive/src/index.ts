// DuckDB
export { openColumnAppender } from './duckdb/column-appender.ts';
export type { ColumnAppender } from './duckdb/column-appender.ts';
export type { ColumnBatch } from './duckdb/column-batch.ts';
export { describeColumns } from './duckdb/describe-columns.ts';
export { refuseDeepJson } from './duckdb/refuse-deep-json.ts';
export type { DataColumn } from './duckdb/describe-columns.ts';
export { instantOfText } from './duckdb/instant-of-text.ts';
export { openDuckdb } from './duckdb/open-duckdb.ts';
export type { Duckdb, DuckdbOptions, DuckdbParameters, QueryOptions } from './duckdb/open-duckdb.ts';
export { scanFile } from './duckdb/scan-file.ts';
export type { DataFile, DataFormat } from './duckdb/scan-file.ts';
export { quotedName, textLiteral } from './duckdb/sql-text.ts';
export { writeFile } from './duckdb/write-file.ts';
export type { WrittenFile } from './duckdb/write-file.ts';
// Archive
export { archiveColumns, fileOrder } from './archive/archive-columns.ts';
export type { ArchiveColumns } from './archive/archive-columns.ts';
export { keepAlive } from './archive/archive-locks.ts';
export { loadHistory } from './archive/load-history.ts';
export { syncPath, writeWhole } from './archive/whole-files.ts';
export { openArchive, findArchive } from './archive/archive-folder.ts';
export type { Archive } from './archive/archive-folder.ts';
export { archiveView } from './archive/archive-view.ts';
export type { ArchivedResult, ArchiveViewOptions } from './archive/archive-view.ts';
export { eraseFromArchive } from './archive/erase-from-archive.ts';
export type { ArchiveErasure, ErasedFromArchive } from './archive/erase-from-archive.ts';
// Point-in-time join
export { joinInDuckdb } from './join/join-in-duckdb.ts';
export type { JoinInDuckdbOptions } from './join/join-in-duckdb.ts';
