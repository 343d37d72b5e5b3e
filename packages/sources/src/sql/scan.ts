import type { SourceRow } from '@larder/features';
import type { SourceBounds } from '../source-bounds.ts';
import type { SqlQuery } from './sql-query.ts';
import { rowsWithin } from './sql-text.ts';

/** A chunk of typical size is one page; only a key with very many rows takes more. */
const PAGE_ROWS = 1_000;

export function scan(
  query: SqlQuery,
  bounds: SourceBounds,
  signal: AbortSignal,
): AsyncIterable<readonly SourceRow[]> {
  const { sql, parameters } = rowsWithin(query, bounds);
  return query.connection.pages(sql, parameters, { pageRows: PAGE_ROWS, signal });
}
