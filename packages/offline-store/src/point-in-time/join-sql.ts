import type { FieldManifest } from '@larder/features';
import pg from 'pg';
import { fieldColumn } from '../history/field-column.ts';
import { historyTable } from '../history/history-table.ts';
import { NEWEST_FIRST } from '../history/newest-first.ts';
import { JOINED_STATUS, joinedColumns, type JoinedView, type PointInTimeJoin } from './point-in-time.ts';

const quoted = pg.escapeIdentifier;

/**
 * Settings of the session. Each spine row costs one descent of history's index; the planner, which knows nothing about the
 * rows of a temporary table, must neither sort, nor scan history, nor remember results by key. The numbers are in
 * docs/adr/0009-point-in-time-plan.md.
 */
export const JOIN_SETTINGS = {
  enable_sort: 'off',
  enable_seqscan: 'off',
  enable_bitmapscan: 'off',
  enable_memoize: 'off',
  jit: 'off',
  // The shortest text from which the same bits are read.
  extra_float_digits: '1',
} as const;

/**
 * The spine's rows: `row`, `at_us` and the join keys as `k0`, `k1`. Emptied by every commit. Microseconds are exact, and
 * cheaper to read than the text of an instant.
 */
export function createSpine({ entity }: PointInTimeJoin): string {
  const keys = entity.join_keys.map((field, at) => {
    const { sqlType } = fieldColumn(field);
    return `k${at} ${sqlType}${sqlType === 'text' ? ' collate "C"' : ''}`;
  });
  const hour = '3600000000';
  // `timestamp + interval` is immutable, `timestamptz + interval` is not; one interval of microseconds would be inexact after 2255.
  return `create temporary table larder_spine (
    "row" bigint not null, at_us bigint not null, ${keys.join(', ')},
    at timestamptz generated always as ((timestamp 'epoch' + make_interval(hours => (at_us / ${hour})::int)
      + at_us % ${hour} * interval '1 microsecond') at time zone 'UTC') stored
  ) on commit delete rows`;
}

/** Reads the spine as CSV. */
export function copySpine({ entity }: PointInTimeJoin): string {
  const keys = entity.join_keys.map((_, at) => `k${at}`);
  return `copy pg_temp.larder_spine ("row", at_us, ${keys.join(', ')}) from stdin (format csv, encoding 'UTF8')`;
}

/** Joins the spine with history: one row per spine row, `joinedColumns` in their order. */
export function joinSql(join: PointInTimeJoin): string {
  const select = joinedColumns(join).map((column) => {
    if (column.holds === 'row') return 's."row"';
    const view = `v${column.view}`;
    const { ttlMs } = join.views[column.view] as JoinedView;
    const expired = ttlMs === 'forever' ? null : `s.at - ${view}.event > interval '${ttlMs} milliseconds'`;
    if (column.holds === 'status')
      return `case when ${view}.gone is not false then ${JOINED_STATUS.NOT_FOUND}
        ${expired === null ? '' : `when ${expired} then ${JOINED_STATUS.OUTSIDE_MAX_AGE}`}
        else ${JOINED_STATUS.PRESENT} end as ${column.name}`;
    if (column.holds !== 'feature')
      return `case when not ${view}.gone then ${ORDER[column.holds](view)} end as ${column.name}`;
    const present = `not ${view}.gone${expired === null ? '' : ` and not ${expired}`}`;
    return `case when ${present} then ${asText(`${view}.${featureName(join, column)}`, column.field)} end as ${column.name}`;
  });
  const views = join.views.map(
    (joined, at) => `left join lateral (${newestRow(join, joined)}) v${at} on true`,
  );
  return `select ${select.join(',\n')} from pg_temp.larder_spine s ${views.join('\n')}`;
}

/** Position of the feature among those of its view, which is what its name in the lateral query tells. */
function featureName(
  join: PointInTimeJoin,
  column: { readonly view: number; readonly field: FieldManifest },
) {
  return `f${(join.views[column.view] as JoinedView).features.indexOf(column.field)}`;
}

/**
 * The newest row that spine row `s` may see. Partitions after its time are pruned when the row is looked up, and the
 * others are asked from the newest to the oldest until one has a row, so that a TTL would save nothing here.
 */
function newestRow(join: PointInTimeJoin, { view, features }: JoinedView): string {
  const table = historyTable(join.project, view);
  const keys = table.keys.map(({ name }, at) => `h.${quoted(name)} = s.k${at}`);
  const online = join.cutOff === 'online';
  return `
    select h.event_timestamp as event, h.created_timestamp as created, h.revision, ${table.isGone === 'false' ? 'false' : `h.${table.isGone}`} as gone
      ${features.map(({ name }, at) => `, h.${quoted(name)} as f${at}`).join('')}
    from ${quoted(table.schema)}.${quoted(table.name)} h
    ${online ? 'join larder.chunk_online_times o on o.chunk_id = h.chunk_id and o.online_at <= s.at' : ''}
    where ${keys.join(' and ')} and h.event_timestamp <= s.at
      ${online ? '' : 'and h.created_timestamp <= s.at'}
      and h.landed_at < ${pg.escapeLiteral(join.landedBefore.toISOString())}::timestamptz
    order by ${NEWEST_FIRST} limit 1`;
}

/** History's timestamps are whole milliseconds of the years 1 to 9999, which a double holds exactly. */
const epochMs = (timestamp: string): string => `round(date_part('epoch', ${timestamp}) * 1000)::bigint`;

const ORDER = {
  event_ms: (view: string) => epochMs(`${view}.event`),
  created_ms: (view: string) => epochMs(`${view}.created`),
  revision: (view: string) => `${view}.revision`,
} as const;

/** A value as `joinInPostgresql` writes it. */
function asText(value: string, { type }: FieldManifest): string {
  switch (type) {
    case 'vector':
      return `translate(${value}::text, '{}', '[]')`;
    // Features may lie beyond the years of history, where a double would not be exact.
    case 'timestamp':
      return `(extract(epoch from ${value}) * 1000)::bigint`;
    case 'bool':
    case 'json':
      return `${value}::text`;
    default:
      return value;
  }
}
