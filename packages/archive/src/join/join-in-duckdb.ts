import { viewRef } from '@larder/features';
import {
  joinedColumns,
  JOINED_STATUS,
  type JoinedView,
  type OfflineStore,
  type PointInTimeJoin,
} from '@larder/offline-store';
import type { Duckdb } from '../duckdb/open-duckdb.ts';
import { quotedName } from '../duckdb/sql-text.ts';
import { archiveColumns, fieldType } from '../archive/archive-columns.ts';
import type { Archive } from '../archive/archive-folder.ts';
import { readArchivedHistory, type ArchivedHistory } from './read-archived-history.ts';

export interface JoinInDuckdbOptions {
  readonly archive: Archive;
  /**
   * A relation of DuckDB: `row` BIGINT, `at_us` BIGINT (microseconds since 1970) and the join keys as `k0`, `k1`…, in the
   * types of the archive.
   */
  readonly spine: string;
  /** The table that is created: `joinedColumns`, one row for each row of the spine, in no particular order. */
  readonly resultTable: string;
  readonly signal?: AbortSignal | undefined;
  /** Called after each part of the work; the last time with `done` equal to `of`. */
  readonly onProgress?: ((progress: { readonly done: number; readonly of: number }) => void) | undefined;
}

/** Rows of history per pass: what one pass sorts stays below about half a gigabyte. */
const ROWS_PER_PASS = 8_000_000;
const [SPINE, KEYS] = ['larder_spine', 'larder_keys'];

/**
 * Joins a spine with the archive and what landed since, with the same result as `joinInPostgresql`.
 *
 * For each key, history is reduced to the *steps* at which its visible newest row changes: a row is visible from the later
 * of its event and created timestamp (or online time), and is a step unless a row that is newer in the row order is
 * visible by then. An ASOF join finds the step of each spine row, and only then features are read, for the rows that were
 * found. TTL and ended keys are judged last: a row too old, or an end, must still hide the older rows.
 *
 * `duckdb` must be opened for the archive's folder.
 * @throws ARCHIVE_BEHIND, ARCHIVE_INCOMPLETE, WORK_MEMORY_EXCEEDED
 */
export async function joinInDuckdb(
  store: OfflineStore,
  duckdb: Duckdb,
  join: PointInTimeJoin,
  options: JoinInDuckdbOptions,
): Promise<void> {
  const { archive, spine, resultTable, signal, onProgress } = options;
  const keys = join.entity.join_keys.map((field, at) => `k${at}::${fieldType(field)} as k${at}`);
  const names = join.entity.join_keys.map((_, at) => `k${at}`);
  const views = join.views.map((_, at) => `larder_joined_${at}`);
  try {
    await duckdb.run(`create or replace temp table ${KEYS} as
      select row_number() over () as id, * from (select distinct ${keys.join(', ')} from ${spine})
      where ${names.map((name) => `${name} is not null`).join(' and ')}`);
    await duckdb.run(`create or replace temp table ${SPINE} as
      select s.row, s.at_us, k.id from (select row, at_us, ${keys.join(', ')} from ${spine}) s
      left join ${KEYS} k using (${names.join(', ')})`);
    const [last] = await duckdb.all<{ at: bigint | null }>(`select max(at_us) as at from ${SPINE}`);
    const untilUs = last?.at ?? 0n;
    // The first millisecond that no row of history may lie after.
    const until = new Date(Number(untilUs / 1_000n) + 1);
    await readArchivedHistory(store, { duckdb, archive, join, until, signal }, async (histories) => {
      const passes = join.views.map(({ view }) =>
        Math.max(1, Math.ceil((histories.get(viewRef(view))?.rows ?? 0) / ROWS_PER_PASS)),
      );
      const of = passes.reduce((sum, each) => sum + each, 0);
      let done = 0;
      for (const [at, joined] of join.views.entries()) {
        const history = histories.get(viewRef(joined.view)) as ArchivedHistory;
        const count = passes[at] as number;
        for (let pass = 0; pass < count; pass++) {
          const rows = joinedRows(join, { joined, history, untilUs, pass, passes: count });
          await duckdb.run(
            pass === 0
              ? `create or replace temp table ${views[at]} as ${rows}`
              : `insert into ${views[at]} ${rows}`,
            { what: `Joining ${viewRef(joined.view)}` },
          );
          onProgress?.({ done: ++done, of });
        }
      }
    });
    await duckdb.run(`create or replace table ${quotedName(resultTable)} as ${result(join, views)}`, {
      what: 'Joining',
    });
  } finally {
    for (const table of [SPINE, KEYS, ...views])
      await duckdb.run(`drop table if exists ${table}`).catch(() => {});
  }
}

interface ViewPass {
  readonly joined: JoinedView;
  readonly history: ArchivedHistory;
  readonly untilUs: bigint;
  readonly pass: number;
  readonly passes: number;
}

/** For each spine row that sees a row of the view: that row. Some of the keys in each pass. */
function joinedRows(join: PointInTimeJoin, { joined, history, untilUs, pass, passes }: ViewPass): string {
  const { onlineAt, isGone } = archiveColumns(join.project, joined.view);
  const seenFrom = join.cutOff === 'online' ? `h.${quotedName(onlineAt)}` : 'h.created_timestamp';
  const keys = join.entity.join_keys.map(({ name }, at) => `h.${quotedName(name)} = k.k${at}`).join(' and ');
  const mine = passes === 1 ? 'true' : `id % ${passes} = ${pass}`;
  const from = `from ${history.relation} h join (from ${KEYS} where ${mine}) k on ${keys}`;
  const order = `epoch_ms(h.event_timestamp) as e, epoch_ms(h.created_timestamp) as c, h.revision as r`;
  const features = joined.features.map((field, at) => {
    const value = `h.${quotedName(field.name)}`;
    return `, ${field.type === 'timestamp' ? `epoch_us(${value}) // 1000` : value} as f${at}`;
  });
  return `
    with visible as (
      select k.id, ${order}, epoch_us(greatest(h.event_timestamp, ${seenFrom})) as v ${from}
      where ${seenFrom} is not null and epoch_us(h.event_timestamp) <= ${untilUs} and epoch_us(${seenFrom}) <= ${untilUs}
    ),
    steps as (
      select id, e, c, r, v from visible
      qualify v < coalesce(min(v) over (partition by id order by e desc, c desc, r desc
        rows between unbounded preceding and 1 preceding), 9223372036854775807)
    ),
    found as materialized (
      select s.row, s.at_us, s.id, t.e, t.c, t.r
      from (from ${SPINE} where id is not null and ${mine}) s asof join steps t on s.id = t.id and s.at_us >= t.v
    )
    select found.row, found.at_us, e, c, r, h.gone ${joined.features.map((_, at) => `, h.f${at}`).join('')}
    from found join (
      select k.id, ${order}, ${isGone === null ? 'false' : `h.${isGone}`} as gone ${features.join('')} ${from}
    ) h using (id, e, c, r)`;
}

/** `joinedColumns`, from the rows that each view found. */
function result(join: PointInTimeJoin, tables: readonly string[]): string {
  const columns = joinedColumns(join).map((column) => {
    if (column.holds === 'row') return 's.row';
    const view = `v${column.view}`;
    const { ttlMs } = join.views[column.view] as JoinedView;
    const expired =
      ttlMs === 'forever' ? 'false' : `${view}.at_us - ${view}.e * 1000 > ${BigInt(ttlMs) * 1_000n}`;
    const status = `case when ${view}.gone is not false then ${JOINED_STATUS.NOT_FOUND}
      when ${expired} then ${JOINED_STATUS.OUTSIDE_MAX_AGE} else ${JOINED_STATUS.PRESENT} end`;
    switch (column.holds) {
      case 'status':
        return `(${status})::utinyint as ${column.name}`;
      case 'feature':
        return `case when ${view}.gone = false and not (${expired})
          then ${view}.${column.name.slice(column.name.indexOf('_') + 1)} end as ${column.name}`;
      default:
        return `case when ${view}.gone = false then ${view}.${PARTS[column.holds]} end as ${column.name}`;
    }
  });
  const joins = tables.map((table, at) => `left join ${table} v${at} on v${at}.row = s.row`);
  return `select ${columns.join(', ')} from ${SPINE} s ${joins.join(' ')}`;
}

const PARTS = { event_ms: 'e', created_ms: 'c', revision: 'r' } as const;
