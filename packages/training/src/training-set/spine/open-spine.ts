import { basename, resolve } from 'node:path';
import { LarderError } from '@larder/core';
import { describeColumns, scanFile, textLiteral, type Duckdb } from '@larder/archive';
import type { SpineSource } from '../training-set-request.ts';
import { csvHeader } from './csv-header.ts';
import type { SpineFile } from './load-spine.ts';

/** The spine as a file in a folder that DuckDB may read; rows of a query are written to one first. */
export async function openSpine(duckdb: Duckdb, source: SpineSource): Promise<SpineFile> {
  switch (source.kind) {
    case 'file': {
      const path = resolve(source.path);
      const called = basename(path);
      const names =
        source.format === 'csv' ? await csvHeader(path, called) : await parquetNames(duckdb, path, called);
      return { path, format: source.format, types: null, names, called };
    }
    default:
      throw new LarderError('OPTION_NOT_SUPPORTED', `A spine of kind '${source.kind}' cannot be read yet.`);
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
