import type { EntityManifest, FeatureViewManifest, FieldManifest } from '@larder/features';
import { HISTORY_COLUMNS, historyTable, type HistoryProject } from '@larder/offline-store';
import { quotedName } from '../duckdb/sql-text.ts';

/** One column of the archived files, and its way there: PostgreSQL writes CSV, DuckDB reads it. */
export interface ArchiveColumn {
  readonly name: string;
  /** DuckDB's type in the Parquet files. */
  readonly type: string;
  /** Expression over `history` and `online` in PostgreSQL, as text that DuckDB reads as `csvType`. */
  readonly copied: string;
  readonly csvType: string;
  /** DuckDB: from the CSV column of the same name to `type`. */
  readonly loaded: string;
}

export interface ArchiveColumns {
  readonly columns: readonly ArchiveColumn[];
  /** Name of the column with the time at which the online store confirmed the row. */
  readonly onlineAt: string;
  /** Null: a feature has this name, and no row says that its key is gone. */
  readonly isGone: string | null;
  /** Name of the hive partition of a month. */
  readonly month: string;
}

/** Columns that are archived although a feature may have their names; the archive's is then called `larder_…`. */
const ONLINE_AT = 'online_at';
const MONTH = 'month';

/** What the files of a view version hold: history's columns, and when the rows were online. */
export function archiveColumns(project: HistoryProject, view: FeatureViewManifest): ArchiveColumns {
  const keys = project.entities[view.entity]?.join_keys ?? [];
  const taken = new Set([...keys, ...view.schema].map((field) => field.name));
  const free = (name: string): string => (taken.has(name) ? `larder_${name}` : name);
  const gone = historyTable(project, view).isGone === 'is_gone';
  const onlineAt = free(ONLINE_AT);
  const columns = [
    ...keys.map(fieldColumn),
    ...HISTORY_COLUMNS.map((name) =>
      plain(name, name.endsWith('_timestamp') || name === 'landed_at' ? 'TIMESTAMPTZ' : 'BIGINT'),
    ),
    plain(onlineAt, 'TIMESTAMPTZ', 'online.online_at'),
    ...(gone ? [plain('is_gone', 'BOOLEAN')] : []),
    ...view.schema.map(fieldColumn),
  ];
  return {
    columns,
    onlineAt,
    isGone: gone ? 'is_gone' : null,
    month: free(MONTH),
  };
}

/** How the rows of a file are sorted: by key, the newest first. */
export function fileOrder(entity: EntityManifest): string[] {
  const keys = entity.join_keys.map(({ name }) => quotedName(name));
  return [...keys, 'event_timestamp desc', 'created_timestamp desc', 'revision desc'];
}

function plain(name: string, type: string, copied = `history.${quotedName(name)}`): ArchiveColumn {
  return { name, type, copied, csvType: type, loaded: quotedName(name) };
}

const TYPES: Readonly<Record<FieldManifest['type'], string>> = {
  float32: 'FLOAT',
  float64: 'DOUBLE',
  int64: 'BIGINT',
  bool: 'BOOLEAN',
  string: 'VARCHAR',
  timestamp: 'TIMESTAMPTZ',
  vector: 'FLOAT[]',
  json: 'VARCHAR',
};

/** DuckDB's type of a field in the files. */
export function fieldType({ type }: FieldManifest): string {
  return TYPES[type];
}

function fieldColumn({ name, type }: FieldManifest): ArchiveColumn {
  const quoted = quotedName(name);
  const column = plain(name, TYPES[type]);
  switch (type) {
    case 'vector':
      return { ...column, copied: `translate(history.${quoted}::text, '{}', '[]')` };
    case 'timestamp':
      // As a number: the two databases spell years before Christ and after 9999 differently.
      return {
        ...column,
        copied: `(extract(epoch from history.${quoted}) * 1000000)::bigint`,
        csvType: 'BIGINT',
        loaded: `make_timestamptz(${quoted})`,
      };
    case 'json':
      return { ...column, copied: `history.${quoted}::text` };
    default:
      return column;
  }
}
