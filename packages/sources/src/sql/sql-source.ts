import { LarderError } from '@larder/core';
import type { SourceRow, SqlSourceManifest } from '@larder/features';
import { keyChunks, type RowSource } from '../row-source.ts';
import type { SourceBounds } from '../source-bounds.ts';
import { planKeyRanges } from './plan-key-ranges.ts';
import type { SqlConnection } from './sql-connection.ts';
import { conditionOf, identifier, SOURCE_ALIAS } from './sql-text.ts';

export interface SqlSourceOptions {
  readonly source: SqlSourceManifest;
  readonly connection: SqlConnection;
  /** Columns of the entity's join keys, in its order. */
  readonly joinKeys: readonly string[];
  /** Further columns that the view reads. */
  readonly features: readonly string[];
}

/** Rows by a query. Every method @throws SOURCE_UNAVAILABLE, SOURCE_QUERY_INVALID, SOURCE_TIMED_OUT. */
export function createSqlSource(options: SqlSourceOptions): RowSource {
  const { source, connection, joinKeys } = options;
  const from = `(\n${source.query}\n) as ${SOURCE_ALIAS}`;
  const created = source.created_timestamp_column;
  const required = [
    ...joinKeys,
    source.event_timestamp_column,
    ...(created ? [created] : []),
    ...options.features,
  ];
  // The text of the whole row decides between rows that are equal otherwise.
  const order = [...joinKeys, source.event_timestamp_column, ...(created ? [created] : [])]
    .map(identifier)
    .concat(`${SOURCE_ALIAS}::text`)
    .join(', ');

  async function checkColumns(): Promise<void> {
    const { columns } = await connection.query(`select * from ${from} limit 0`, []);
    const missing = required.filter((name) => !columns.includes(name));
    if (missing.length > 0)
      throw new LarderError(
        'SOURCE_QUERY_INVALID',
        `The query on connection '${source.connection}' gives ${columns.join(', ')}; the view also needs ${missing.join(', ')}. Add what is missing to the query, under these names.`,
      );
  }

  async function scan(bounds: SourceBounds, signal?: AbortSignal): Promise<readonly SourceRow[]> {
    const { sql, parameters } = conditionOf(bounds, {
      joinKeys,
      eventTimestamp: source.event_timestamp_column,
    });
    const maxRows = bounds.kind === 'keys' ? null : bounds.maxRows;
    const limit = maxRows === null ? '' : ` limit ${maxRows}`;
    const { rows } = await connection.query(
      `select ${SOURCE_ALIAS}.* from ${from} where ${sql} order by ${order}${limit}`,
      parameters,
      signal,
    );
    return rows;
  }

  return {
    async planChunks({ scope, chunkRows, limit }) {
      await checkColumns();
      if (scope.kind === 'keys') return keyChunks(scope.keys.slice(0, limit ?? undefined), chunkRows);
      return planKeyRanges(connection, {
        from,
        joinKeys,
        eventTimestamp: source.event_timestamp_column,
        eventTime: scope.kind === 'event_time' ? scope.range : null,
        chunkRows,
        limit,
      });
    },
    scan,
    lookup: (keys) => scan({ kind: 'keys', keys }),
  };
}
