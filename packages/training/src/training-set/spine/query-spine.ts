import { copyQuery } from '@larder/sources/copy-query';
import type { GivenColumn } from './spine-column.ts';
import type { SpineRows } from './write-spine-file.ts';

const TYPES: Readonly<Record<string, string>> = {
  smallint: 'BIGINT',
  integer: 'BIGINT',
  bigint: 'BIGINT',
  real: 'FLOAT',
  'double precision': 'DOUBLE',
  boolean: 'BOOLEAN',
  'timestamp with time zone': 'TIMESTAMP WITH TIME ZONE',
  'timestamp without time zone': 'TIMESTAMP',
  date: 'DATE',
};

/** The rows of a query on a connection of the project. @throws as `copyQuery` */
export async function querySpine(options: Parameters<typeof copyQuery>[0]): Promise<SpineRows> {
  const { columns, rows } = await copyQuery(options);
  return {
    columns: columns.map(({ name, type }): GivenColumn => ({ name, type: duckdbType(type) })),
    rows,
    called: 'the query',
  };
}

function duckdbType(type: string): string {
  return type.startsWith('numeric') ? 'DOUBLE' : (TYPES[type] ?? 'VARCHAR');
}
