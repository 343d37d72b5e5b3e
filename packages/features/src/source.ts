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

/** A row for each file of a folder. */
export interface FolderSource {
  readonly kind: 'folder';
  /** Relative to larder.config.ts, or absolute; every worker must see it. */
  readonly folder: string;
  /** Column that holds the file's path below the folder, `shoes/red.jpg`: the entity's join key. */
  readonly key: string;
  /** Lower case with the dot, sorted; empty: every file. */
  readonly extensions: readonly string[];
}

export type Source = SqlSource | FolderSource;

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

export interface FolderSourceOptions {
  readonly folder: string;
  readonly key: string;
  /** `['.jpg', '.png']`, in any case. @default every file */
  readonly extensions?: readonly string[];
}

/**
 * A row for each file below a folder: the key column, `path` (absolute), `size_bytes`, and the time of the last change
 * as `event_timestamp`. Hidden files and links are left out.
 */
export function folderSource(options: FolderSourceOptions): FolderSource {
  return {
    kind: 'folder',
    folder: options.folder,
    key: options.key,
    extensions: [...new Set((options.extensions ?? []).map((extension) => extension.toLowerCase()))].sort(),
  };
}
