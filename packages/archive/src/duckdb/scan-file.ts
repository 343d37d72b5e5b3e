import { quotedName, textLiteral } from './sql-text.ts';

export type DataFormat = 'parquet' | 'csv' | 'json';

export interface DataFile {
  /** Absolute paths below the opened folders; DuckDB expands `*` and `?` in them. */
  readonly path: string | readonly string[];
  readonly format: DataFormat;
  /** CSV and JSON: every column with its DuckDB type, for CSV in the order of the file. Without it, types are inferred from all rows. */
  readonly columns?: Readonly<Record<string, string>>;
  /** CSV: the types of some columns; the others are inferred. */
  readonly types?: Readonly<Record<string, string>>;
}

/** A line of CSV or JSON may have as many bytes: vectors of some thousand numbers fit. */
const MAX_LINE_BYTES = 4 * 1024 * 1024;
/** Each thread that reads CSV holds a few of these. */
const BUFFER_BYTES = 2 * MAX_LINE_BYTES;

/**
 * A table function for `from` that reads the file. CSV is RFC 4180 with a header; an empty field is null and `""` is the
 * empty text. JSON is one object per line.
 */
export function scanFile({ path, format, columns, types }: DataFile): string {
  const paths = typeof path === 'string' ? textLiteral(path) : `[${path.map(textLiteral).join(', ')}]`;
  switch (format) {
    case 'parquet':
      return `read_parquet(${paths}, hive_partitioning = false)`;
    case 'csv': {
      const read = [paths, 'header = true', "delim = ','", `quote = '"'`, `escape = '"'`, "nullstr = ''"];
      read.push(
        'allow_quoted_nulls = false',
        `max_line_size = ${MAX_LINE_BYTES}`,
        `buffer_size = ${BUFFER_BYTES}`,
      );
      if (columns !== undefined) read.push('auto_detect = false', `columns = ${struct(columns)}`);
      else read.push('sample_size = -1', ...(types === undefined ? [] : [`types = ${struct(types)}`]));
      return `read_csv(${read.join(', ')})`;
    }
    case 'json': {
      const read = [paths, "format = 'newline_delimited'", `maximum_object_size = ${MAX_LINE_BYTES}`];
      read.push(columns === undefined ? 'sample_size = -1' : `columns = ${struct(columns)}`);
      return `read_json(${read.join(', ')})`;
    }
  }
}

function struct(types: Readonly<Record<string, string>>): string {
  const members = Object.entries(types).map(([name, type]) => `${quotedName(name)}: ${textLiteral(type)}`);
  return `{${members.join(', ')}}`;
}
