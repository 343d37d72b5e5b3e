import { fieldColumn } from '../history/field-column.ts';
import { newestRowColumn, newestRowSql } from './newest-row-sql.ts';
import { joinedColumns, type JoinedView, type PointInTimeJoin } from './point-in-time.ts';
import { instantOf } from './result-text.ts';
import { windowsColumn, windowsSql } from './windows-sql.ts';

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
  return `create temporary table larder_spine (
    "row" bigint not null, at_us bigint not null, ${keys.join(', ')},
    at timestamptz generated always as (${instantOf('at_us')}) stored
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
    const joined = join.views[column.view] as JoinedView;
    const columnSql = joined.view.windowed === undefined ? newestRowColumn : windowsColumn;
    return `${columnSql(joined, column, `v${column.view}`)} as ${column.name}`;
  });
  const views = join.views.map((joined, at) =>
    (joined.view.windowed === undefined ? newestRowSql : windowsSql)(join, joined, `v${at}`),
  );
  return `select ${select.join(',\n')} from pg_temp.larder_spine s ${views.join('\n')}`;
}
