import type { RowSource } from '../row-source.ts';
import type { SourceContext } from '../source-context.ts';
import { check } from './check.ts';
import type { SqlSourceManifest } from './definition.ts';
import { lookup } from './lookup.ts';
import { plan } from './plan.ts';
import { scan } from './scan.ts';
import { createSqlConnection } from './sql-connection.ts';
import { sqlQuery } from './sql-query.ts';

/** Rows from a query. Every method @throws SOURCE_UNAVAILABLE, SOURCE_QUERY_INVALID, SOURCE_TIMED_OUT. */
export function openSqlSource(source: SqlSourceManifest, context: SourceContext): RowSource {
  const query = sqlQuery(source, context.connect(source.connection, createSqlConnection), context);
  return {
    plan: (options, signal) => plan(query, options, signal),
    scan: (bounds, signal) => scan(query, bounds, signal),
    lookup: (keys, signal) => lookup(query, keys, signal),
    check: (signal) => check(query, signal),
  };
}
