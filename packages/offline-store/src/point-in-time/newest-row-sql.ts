import pg from 'pg';
import { historyTable } from '../history/history-table.ts';
import { NEWEST_FIRST } from '../history/newest-first.ts';
import { asText, epochMs } from './result-text.ts';
import { JOINED_STATUS, type JoinedColumn, type JoinedView, type PointInTimeJoin } from './point-in-time.ts';

const quoted = pg.escapeIdentifier;

/**
 * The newest row that spine row `s` may see, as `alias`. Partitions after its time are pruned when the row is looked up, and the
 * others are asked from the newest to the oldest until one has a row, so that a TTL would save nothing here.
 */
export function newestRowSql(join: PointInTimeJoin, { view, features }: JoinedView, alias: string): string {
  const table = historyTable(join.project, view);
  const keys = table.keys.map(({ name }, at) => `h.${quoted(name)} = s.k${at}`);
  const online = join.cutOff === 'online';
  return `left join lateral (
    select h.event_timestamp as event, h.created_timestamp as created, h.revision, ${table.isGone === 'false' ? 'false' : `h.${table.isGone}`} as gone
      ${features.map(({ name }, at) => `, h.${quoted(name)} as f${at}`).join('')}
    from ${quoted(table.schema)}.${quoted(table.name)} h
    ${online ? 'join larder.chunk_online_times o on o.chunk_id = h.chunk_id and o.online_at <= s.at' : ''}
    where ${keys.join(' and ')} and h.event_timestamp <= s.at
      ${online ? '' : 'and h.created_timestamp <= s.at'}
      and h.landed_at < ${pg.escapeLiteral(join.landedBefore.toISOString())}::timestamptz
    order by ${NEWEST_FIRST} limit 1) ${alias} on true`;
}

/** A column of the result, from the row that `newestRowSql` joins as `alias`. */
export function newestRowColumn(
  { ttlMs, features }: JoinedView,
  column: JoinedColumn,
  alias: string,
): string {
  const expired = ttlMs === 'forever' ? null : `s.at - ${alias}.event > interval '${ttlMs} milliseconds'`;
  switch (column.holds) {
    case 'row':
      throw new Error('The row comes from the spine.');
    case 'status':
      return `case when ${alias}.gone is not false then ${JOINED_STATUS.NOT_FOUND}
        ${expired === null ? '' : `when ${expired} then ${JOINED_STATUS.OUTSIDE_MAX_AGE}`}
        else ${JOINED_STATUS.PRESENT} end`;
    case 'event_ms':
      return `case when not ${alias}.gone then ${epochMs(`${alias}.event`)} end`;
    case 'created_ms':
      return `case when not ${alias}.gone then ${epochMs(`${alias}.created`)} end`;
    case 'revision':
      return `case when not ${alias}.gone then ${alias}.revision end`;
    case 'feature': {
      const present = `not ${alias}.gone${expired === null ? '' : ` and not ${expired}`}`;
      const value = asText(`${alias}.f${features.indexOf(column.field)}`, column.field);
      return `case when ${present} then ${value} end`;
    }
  }
}
