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
  /** CSV: whether the first line has the names of the columns. @default true */
  readonly header?: boolean;
  /** CSV: lines end with `\n` alone, as PostgreSQL writes them. @default what the first line ends with, which may be a text with `\r\n` */
  readonly linesEndWithLf?: boolean;
  /** CSV and JSON: a longer line is refused. @default 4 MiB: vectors of some thousand numbers */
  readonly maxLineBytes?: number;
}

const MAX_LINE_BYTES = 4 * 1024 * 1024;

/**
 * A table function for `from` that reads the file. CSV is RFC 4180 with a header; an empty field is null and `""` is the
 * empty text. JSON is one object per line.
 */
export function scanFile(file: DataFile): string {
  const { path, format, columns, types, header = true, maxLineBytes = MAX_LINE_BYTES } = file;
  const paths = typeof path === 'string' ? textLiteral(path) : `[${path.map(textLiteral).join(', ')}]`;
  switch (format) {
    case 'parquet':
      return `read_parquet(${paths}, hive_partitioning = false)`;
    case 'csv': {
      const read = [
        paths,
        `header = ${header}`,
        "delim = ','",
        `quote = '"'`,
        `escape = '"'`,
        "nullstr = ''",
      ];
      read.push(
        'allow_quoted_nulls = false',
        `max_line_size = ${maxLineBytes}`,
        `buffer_size = ${2 * maxLineBytes}`,
      );
      if (file.linesEndWithLf === true) read.push("new_line = '\\n'");
      if (columns !== undefined) read.push('auto_detect = false', `columns = ${struct(columns)}`);
      else {
        // Nothing is guessed but types: lines in front that do not fit would be skipped, and lines with `#` be comments.
        read.push('skip = 0', "comment = ''", 'sample_size = -1');
        if (types !== undefined) read.push(`types = ${struct(types)}`);
      }
      return `read_csv(${read.join(', ')})`;
    }
    case 'json': {
      const read = [paths, "format = 'newline_delimited'", `maximum_object_size = ${maxLineBytes}`];
      read.push(columns === undefined ? 'sample_size = -1' : `columns = ${struct(columns)}`);
      return `read_json(${read.join(', ')})`;
    }
  }
}

function struct(types: Readonly<Record<string, string>>): string {
  const members = Object.entries(types).map(([name, type]) => `${quotedName(name)}: ${textLiteral(type)}`);
  return `{${members.join(', ')}}`;
}
