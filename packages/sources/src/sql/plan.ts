import { keyChunks } from '../key-chunks.ts';
import type { PlanOptions } from '../row-source.ts';
import type { SourceChunk } from '../source-bounds.ts';
import { checkColumns } from './check.ts';
import type { SqlQuery } from './sql-query.ts';
import { eventTimeSql, identifier } from './sql-text.ts';

export async function plan(
  query: SqlQuery,
  options: PlanOptions,
  signal: AbortSignal,
): Promise<SourceChunk[]> {
  await checkColumns(query, signal);
  const { scope } = options;
  return scope.kind === 'keys' ? keyChunks(scope.keys, options) : cutKeyRanges(query, options, signal);
}

interface RangeRow {
  readonly start: number;
  readonly rows: number;
  readonly keys: number;
  readonly lower: string[];
  readonly upper: string[];
}

/**
 * One pass over the source: distinct keys in order, numbered by the rows before them, cut every `chunkRows` rows.
 * Rows without a key get one chunk, which reads some of them and fails them all, so that they are not lost silently.
 */
async function cutKeyRanges(
  query: SqlQuery,
  options: PlanOptions,
  signal: AbortSignal,
): Promise<SourceChunk[]> {
  const eventTime = options.scope.kind === 'event_time' ? options.scope.range : null;
  const parameters: unknown[] = [];
  const bind = (value: unknown) => `$${parameters.push(value)}`;
  const keys = query.joinKeys.map(identifier);
  const inScope = eventTime ? eventTimeSql(eventTime, query, bind) : 'true';
  const texts = `array[${keys.map((key) => `${key}::text`).join(', ')}]`;
  const hasNull = keys.map((key) => `${key} is null`).join(' or ');
  const chunkRows = bind(options.chunkRows);
  const limit = bind(options.limit);
  const { rows } = await query.connection.query(
    `with per_key as (
       select ${keys.join(', ')}, count(*) as rows from ${query.from} where ${inScope} group by ${keys.join(', ')}
     ), placed as (
       select ${texts} as key, rows, row_number() over by_key as place, (sum(rows) over by_key - rows)::bigint as start
       from per_key where not (${hasNull})
       window by_key as (order by ${keys.join(', ')})
     ), ranges as (
       select min(start) as start, sum(rows)::bigint as rows, count(*) as keys, min(place) as first, max(place) as last
       from placed where ${limit}::bigint is null or start < ${limit}::bigint
       group by start / ${chunkRows}::bigint
     )
     select ranges.start, ranges.rows, ranges.keys, lower.key as lower, upper.key as upper
     from ranges join placed lower on lower.place = ranges.first join placed upper on upper.place = ranges.last
     union all
     select null, sum(rows)::bigint, null, null, null from per_key where (${hasNull}) and ${limit}::bigint is null having sum(rows) > 0
     order by start`,
    parameters,
    signal,
  );
  return (rows as unknown as (RangeRow | { start: null; rows: number })[]).map((row) => {
    if (row.start === null) {
      const bounds = { kind: 'null_keys', eventTime, rows: row.rows, maxRows: options.chunkRows } as const;
      return { bounds, rows: row.rows };
    }
    const left = options.limit === null ? row.rows : options.limit - row.start;
    const maxRows = left < row.rows ? left : null;
    return {
      bounds: {
        kind: 'range',
        lower: row.lower,
        upper: row.upper,
        eventTime,
        maxRows,
        ...(row.keys === row.rows ? { oneRowPerKey: true } : {}),
      },
      rows: Math.min(left, row.rows),
    };
  });
}
