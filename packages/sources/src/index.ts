// Definitions
export { folderSource } from './folder/definition.ts';
export type { FileRow, FolderSource, FolderSourceOptions } from './folder/definition.ts';
export { fromViews } from './views/definition.ts';
export type { ViewsRow, ViewsSource, ViewsSourceOptions } from './views/definition.ts';
export { pushSource } from './push/definition.ts';
export type { PushedRow, PushSource, PushSourceOptions } from './push/definition.ts';
export { sqlSource } from './sql/definition.ts';
export type { SqlRow, SqlSource, SqlSourceOptions } from './sql/definition.ts';
// Reading
export { accessColumns } from './access-columns.ts';
export { isSameSource } from './is-same-source.ts';
export { createSources } from './create-sources.ts';
export type { Sources } from './create-sources.ts';
export { scanRows } from './scan-rows.ts';
export { keyChunks } from './key-chunks.ts';
export type { RowSource } from './row-source.ts';
export { MODEL_VERSION_COLUMN, PARENTS_COLUMN } from './source-context.ts';
export type { HistoryRequest, OpenHistory, OpenModelRows } from './source-context.ts';
export type { EventTimeRange, KeyTexts, SourceBounds, SourceChunk, SourceScope } from './source-bounds.ts';
// Connections
export { connectionSetting } from './connection-setting.ts';
export { connectionVariable } from './connection-variable.ts';
