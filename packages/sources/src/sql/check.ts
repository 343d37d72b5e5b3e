import { isLarderError, LarderError } from '@larder/core';
import { connectionVariable } from '../connection-variable.ts';
import type { SourceFinding } from '../row-source.ts';
import { columnProblem } from './column-types.ts';
import type { SqlResult } from './sql-connection.ts';
import type { SqlQuery } from './sql-query.ts';

/** @throws SOURCE_QUERY_INVALID when the definition must change */
export async function check(query: SqlQuery, signal: AbortSignal): Promise<SourceFinding> {
  const { name } = query.connection;
  try {
    checkTypes(query, await checkColumns(query, signal));
    return {
      status: 'ok',
      detail: `connection '${name}' answers, and the query has what the view needs`,
    };
  } catch (error) {
    if (!isLarderError(error) || error.code === 'SOURCE_QUERY_INVALID') throw error;
    return {
      status: 'fail',
      detail: `${error.code}: ${error.message}`,
      fix: `Start that database, or fix its address: export ${connectionVariable(name)}=…`,
    };
  }
}

/** @throws SOURCE_QUERY_INVALID where the query lacks a column that the view needs */
export async function checkColumns(
  { connection, from, required }: SqlQuery,
  signal: AbortSignal,
): Promise<SqlResult> {
  const result = await connection.query(`select * from ${from} limit 0`, [], signal);
  const { columns } = result;
  const missing = required.filter((name) => !columns.includes(name));
  if (missing.length > 0)
    throw new LarderError(
      'SOURCE_QUERY_INVALID',
      `The query on connection '${connection.name}' returns ${columns.join(', ')}; the view also needs ${missing.join(', ')}. Add the missing columns to the query, under these names.`,
    );
  return result;
}

/** @throws SOURCE_QUERY_INVALID where no value of a column can be one of the declared field */
function checkTypes({ connection, features }: SqlQuery, { columns, types }: SqlResult): void {
  const problems = features.flatMap(
    (feature) => columnProblem(feature, types[columns.indexOf(feature.name)] ?? 0) ?? [],
  );
  if (problems.length > 0)
    throw new LarderError(
      'SOURCE_QUERY_INVALID',
      `The query on connection '${connection.name}' does not fit the view: ${problems.join('; ')}. Convert the column in the query, or change the field.`,
    );
}
