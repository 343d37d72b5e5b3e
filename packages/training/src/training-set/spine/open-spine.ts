import { basename, join, resolve } from 'node:path';
import { describeColumns, scanFile, textLiteral, type Duckdb } from '@larder/archive';
import type { SpineSource } from '../training-set-request.ts';
import { tooManyRows } from './too-many-rows.ts';
import { arrowSpine } from './arrow-spine.ts';
import { csvHeader } from './csv-header.ts';
import type { SpineFile } from './load-spine.ts';
import { loggedSpineRows, type LoggedSpineOptions } from './logged-spine-rows.ts';
import { querySpine } from './query-spine.ts';
import { writeSpineFile } from './write-spine-file.ts';

/** The spine as a file in a folder that DuckDB may read; rows of a query are written to one first. */
export async function openSpine(
  duckdb: Duckdb,
  source: SpineSource,
  options: LoggedSpineOptions & {
    readonly connections: Readonly<Record<string, string>>;
    /** Of a file. */
    readonly maxRows: number;
  },
): Promise<SpineFile> {
  const path = join(duckdb.folder, 'given.csv');
  switch (source.kind) {
    case 'file': {
      const file = resolve(source.path);
      const called = basename(file);
      if (source.format === 'arrow') return arrowSpine(duckdb, file, { called, ...options });
      if (source.format === 'parquet') await checkParquet(duckdb, file, { called, ...options });
      const names =
        source.format === 'csv' ? await csvHeader(file, called) : await parquetNames(duckdb, file, called);
      return { path: file, format: source.format, types: null, names, called };
    }
    case 'sql': {
      const { connections, signal } = options;
      const { connection, query } = source;
      return writeSpineFile(await querySpine({ connections, connection, query, signal }), path, signal);
    }
    case 'predictions':
      return writeSpineFile(await loggedSpineRows(source, options), path, options.signal);
  }
}

/** What a few bytes of it can claim to hold: values that repeat take no space. */
async function checkParquet(
  duckdb: Duckdb,
  path: string,
  { called, maxRows }: { readonly called: string; readonly maxRows: number },
): Promise<void> {
  const what = { what: `Reading ${called}` };
  const [counted] = await duckdb.all<{ rows: bigint }>(
    `select coalesce(sum(rows), 0)::bigint as rows from (
       select distinct row_group_id, row_group_num_rows as rows from parquet_metadata(${textLiteral(path)}))`,
    what,
  );
  const rows = Number(counted?.rows ?? 0);
  if (rows > maxRows) throw tooManyRows(called, rows, maxRows);
}

/** Names as in the file: a table function would make repeated ones distinct. */
async function parquetNames(duckdb: Duckdb, path: string, called: string): Promise<string[]> {
  const described = await describeColumns(duckdb, scanFile({ path, format: 'parquet' }), {
    what: `Reading ${called}`,
  });
  const schema = await duckdb.all<{ name: string; num_children: number | bigint | null }>(
    `select name, num_children from parquet_schema(${textLiteral(path)})`,
    { what: `Reading ${called}` },
  );
  const names: string[] = [];
  let at = 1;
  const skip = (): void => {
    const children = Number(schema[at++]?.num_children ?? 0);
    for (let child = 0; child < children; child++) skip();
  };
  while (at < schema.length) {
    names.push(schema[at]?.name as string);
    skip();
  }
  return names.length === described.length ? names : described.map(({ name }) => name);
}
