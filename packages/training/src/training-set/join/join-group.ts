import { createReadStream, createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { joinInDuckdb, quotedName, textLiteral, type Archive, type Duckdb } from '@larder/archive';
import {
  joinedColumns,
  joinInPostgresql,
  type JoinedColumn,
  type OfflineStore,
  type PointInTimeJoin,
} from '@larder/offline-store';
import { storedType } from '../output/stored-value.ts';
import { spineName } from '../spine/spine-column.ts';
import type { ChosenEngine } from './choose-engine.ts';
import type { LoadedSpine } from '../spine/load-spine.ts';

export interface JoinGroupOptions {
  readonly store: OfflineStore;
  readonly spine: LoadedSpine;
  readonly join: PointInTimeJoin;
  /** Name of the table for the result. */
  readonly table: string;
  readonly engine: ChosenEngine;
  readonly signal: AbortSignal;
  readonly onRows: (rows: number) => void;
}

/** Joins the features of one entity to the spine, into a table of DuckDB with one row per row of the spine. */
export async function joinGroup(duckdb: Duckdb, options: JoinGroupOptions): Promise<void> {
  const { spine, table, engine } = options;
  if (engine.archive === null) await byPostgresql(duckdb, options);
  else await byBoth(duckdb, engine.archive, options);
  const [counted] = await duckdb.all<{ rows: bigint; distinct: bigint }>(
    `select count(*) as rows, count(distinct row) as distinct from ${quotedName(table)}`,
  );
  if (Number(counted?.rows) !== spine.rows || Number(counted?.distinct) !== spine.rows)
    throw new Error(`The join returned ${counted?.rows} rows for ${spine.rows} rows of the spine.`);
}

/** DuckDB joins over the archive, which has no events: PostgreSQL joins the windowed views. */
async function byBoth(duckdb: Duckdb, archive: Archive, options: JoinGroupOptions): Promise<void> {
  const { join: joined, table } = options;
  const isWindowed = joined.views.map(({ view }) => view.windowed !== undefined);
  const some = (windowed: boolean): JoinGroupOptions => ({
    ...options,
    table: `${table}_${windowed ? 'windowed' : 'archived'}`,
    join: { ...joined, views: joined.views.filter((_, at) => isWindowed[at] === windowed) },
    onRows: (rows) => options.onRows(windowed ? rows : Math.round(rows / 2)),
  });
  if (!isWindowed.includes(true)) return byDuckdb(duckdb, archive, options);
  if (!isWindowed.includes(false)) return byPostgresql(duckdb, options);
  const [archived, windowed] = [some(false), some(true)];
  await byDuckdb(duckdb, archive, archived);
  await byPostgresql(duckdb, windowed);
  const places = [0, 0];
  const columns = joined.views.flatMap(({ features }, at) => {
    const side = isWindowed[at] ? 1 : 0;
    const place = (places[side] as number)++;
    return ['status', ...features.map((_, feature) => `f${feature}`)].map(
      (column) => `${side === 0 ? 'a' : 'w'}.v${place}_${column} as v${at}_${column}`,
    );
  });
  await duckdb.run(
    `create or replace table ${quotedName(table)} as select a.row, ${columns.join(', ')}
      from ${quotedName(archived.table)} a join ${quotedName(windowed.table)} w using (row)`,
    { what: 'Putting the joined views together' },
  );
  for (const part of [archived, windowed]) await duckdb.run(`drop table ${quotedName(part.table)}`);
}

async function byDuckdb(duckdb: Duckdb, archive: Archive, options: JoinGroupOptions): Promise<void> {
  const { store, spine, join: joined, table, signal, onRows } = options;
  const keys = keyColumns(options).map((name, i) => `${name} as k${i}`);
  await joinInDuckdb(store, duckdb, joined, {
    archive,
    spine: `(select row, epoch_us("at") as at_us, ${keys.join(', ')} from ${spineWithConstants(options)})`,
    resultTable: table,
    signal,
    onProgress: ({ done, of }) => onRows(Math.round((spine.rows * done) / of)),
  });
}

/** Names of the join keys in the view `spine`. */
function keyColumns({ spine, join: { entity } }: JoinGroupOptions): string[] {
  return entity.join_keys.map(({ name, constant }) =>
    constant === undefined
      ? spineName(spine.columns.findIndex((column) => column.name === name && column.role === 'key'))
      : quotedName(constantName(name)),
  );
}

/** The view `spine` with a column for the key that is the same everywhere, which the spine does not have. */
function spineWithConstants({ join: { entity } }: JoinGroupOptions): string {
  const constants = entity.join_keys.flatMap(({ name, constant }) =>
    constant === undefined ? [] : [`, ${textLiteral(constant)} as ${quotedName(constantName(name))}`],
  );
  return constants.length === 0 ? 'spine' : `(select *${constants.join('')} from spine)`;
}

/** No column of a spine has a space in its name. */
function constantName(name: string): string {
  return `key ${name}`;
}

async function byPostgresql(duckdb: Duckdb, options: JoinGroupOptions): Promise<void> {
  const { store, join: joined, table, signal, onRows } = options;
  const keys = keyColumns(options);
  const sent = join(duckdb.folder, `${table}-spine.csv`);
  const received = join(duckdb.folder, `${table}.csv`);
  try {
    await duckdb.run(
      `copy (select row, epoch_us("at") as at_us, ${keys.join(', ')} from ${spineWithConstants(options)} order by date_trunc('month', "at"), ${keys.join(', ')}, "at")
        to ${textLiteral(sent)} (format csv, header false, force_quote (${keys.join(', ')}))`,
      { what: 'Sorting the spine' },
    );
    const rows = joinInPostgresql(store, joined, createReadStream(sent), {
      signal,
      onProgress: (progress) => onRows(progress.rows),
    });
    await pipeline(rows, createWriteStream(received), { signal });
    const columns = joinedColumns(joined);
    const types = columns.map((column) => `${textLiteral(column.name)}: ${textLiteral(joinedType(column))}`);
    const lineBytes = maxLineBytes(columns);
    const kept = columns.filter(({ holds }) => holds === 'row' || holds === 'status' || holds === 'feature');
    await duckdb.run(
      `create or replace table ${quotedName(table)} as select ${kept.map(({ name }) => quotedName(name)).join(', ')}
        from read_csv(${textLiteral(received)}, header = false, auto_detect = false, new_line = '\\n', delim = ',', quote = '"', escape = '"',
          nullstr = '', allow_quoted_nulls = false, max_line_size = ${lineBytes}, buffer_size = ${2 * lineBytes}, columns = {${types.join(', ')}})`,
      { what: 'Reading the joined rows' },
    );
  } finally {
    await Promise.all([sent, received].map((path) => rm(path, { force: true })));
  }
}

/** Of a line with texts. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;
/** As text; of a number or an instant, and of one element of a vector. */
const MAX_VALUE_BYTES = 32;

/** DuckDB holds several buffers of twice the longest line. */
function maxLineBytes(columns: readonly JoinedColumn[]): number {
  let bytes = 1024 * 1024;
  for (const column of columns) {
    if (column.holds === 'feature' && (column.field.type === 'string' || column.field.type === 'json'))
      return MAX_LINE_BYTES;
    bytes += MAX_VALUE_BYTES * ((column.holds === 'feature' ? column.field.length : undefined) ?? 1);
  }
  return bytes;
}

function joinedType(column: JoinedColumn): string {
  switch (column.holds) {
    case 'feature':
      return storedType(column.field);
    case 'status':
      return 'UTINYINT';
    default:
      return 'BIGINT';
  }
}
