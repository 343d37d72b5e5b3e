import { basename, join, resolve } from 'node:path';
import { describeColumns, scanFile, textLiteral, type Duckdb } from '@larder/archive';
import type { SpineSource } from '../training-set-request.ts';
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
  options: LoggedSpineOptions & { readonly connections: Readonly<Record<string, string>> },
): Promise<SpineFile> {
  const path = join(duckdb.folder, 'given.csv');
  switch (source.kind) {
    case 'file': {
      const file = resolve(source.path);
      const called = basename(file);
      if (source.format === 'arrow') return arrowSpine(duckdb, file, { called, signal: options.signal });
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
