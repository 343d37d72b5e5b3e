import type { SourceRow } from '@larder/features';
import type { KeyTexts } from '../source-bounds.ts';
import type { SqlQuery } from './sql-query.ts';
import { rowsWithin } from './sql-text.ts';

export async function lookup(
  query: SqlQuery,
  keys: readonly KeyTexts[],
  signal: AbortSignal,
): Promise<readonly SourceRow[]> {
  if (keys.length === 0) return [];
  const { sql, parameters } = rowsWithin(query, { kind: 'keys', keys });
  return (await query.connection.query(sql, parameters, signal)).rows;
}
