export type { EventTimeRange, KeyTexts, SourceBounds, SourceChunk, SourceScope } from './source-bounds.ts';
export { createSqlConnection } from './sql/sql-connection.ts';
export type { SqlConnection, SqlConnectionOptions, SqlResult } from './sql/sql-connection.ts';
export { createSqlSource } from './sql/sql-source.ts';
export type { SqlSourceOptions } from './sql/sql-source.ts';
export { createFolderSource } from './folder/folder-source.ts';
export type { FolderSourceOptions } from './folder/folder-source.ts';
export type { PlanOptions, RowSource } from './row-source.ts';
export { connectionVariable } from './sql/source-error.ts';
