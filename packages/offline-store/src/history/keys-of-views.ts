import { sql, type RawBuilder } from 'kysely';
import type { FeatureViewManifest } from '@larder/features';
import type { OfflineStore } from '../offline-store.ts';
import { joinedTable } from '../point-in-time/joined-table.ts';
import type { PointInTimeJoin } from '../point-in-time/point-in-time.ts';
import { historyPlace, historyTable, type HistoryPlace, type HistoryProject } from './history-table.ts';

/** Histories of one entity whose keys are read together. The keys of a windowed view are those of its events. */
export interface KeyedViews {
  readonly project: PointInTimeJoin['project'];
  /** At least one. */
  readonly views: readonly FeatureViewManifest[];
  /** `all`: keys that may be in each plain one; the first one's are read. `any`: in at least one. */
  readonly require: 'all' | 'any';
}

/** Join keys as text, in the order of the entity; both ends are included. Null: open. */
export interface KeyRange {
  readonly lower: readonly string[] | null;
  readonly upper: readonly string[] | null;
}

export interface PlannedKeys {
  readonly lower: readonly string[];
  readonly upper: readonly string[];
  /** Number of keys. */
  readonly rows: number;
}

/** Cuts all keys into ranges of `chunkRows`, in key order. Reads the key index of each history once. */
export async function planKeys(
  store: Pick<OfflineStore, 'db'>,
  place: KeyedViews,
  { chunkRows, limit }: { readonly chunkRows: number; readonly limit: number | null },
): Promise<PlannedKeys[]> {
  const { keys } = tableOf(place);
  const names = sql.join(keys.map(({ name }) => sql.ref(name)));
  const { rows } = await sql<PlannedKeys>`
    with known as (${distinctKeys(place, sql`true`)}), placed as (
      select ${texts('known', place)} as key, row_number() over (order by ${names}) - 1 as place from known
    ), cut as (
      select place / ${chunkRows}::bigint as page, min(place) as first, max(place) as last from placed
      where ${limit}::bigint is null or place < ${limit}::bigint group by 1
    )
    select lower.key as lower, upper.key as upper, (last - first + 1)::integer as rows
    from cut join placed lower on lower.place = first join placed upper on upper.place = last
    order by first`.execute(store.db);
  return rows;
}

/** Keys within a range, in order. */
export async function keysOfViews(
  store: Pick<OfflineStore, 'db'>,
  place: KeyedViews,
  { lower, upper }: KeyRange,
): Promise<readonly (readonly string[])[]> {
  const table = tableOf(place);
  const columns = row(table.keys.map(({ name }) => sql.ref(name)));
  const bound = (key: readonly string[]) =>
    row(table.keys.map(({ sqlType }, at) => sql`${key[at]}::text::${sql.raw(sqlType)}`));
  const names = sql.join(table.keys.map(({ name }) => sql.ref(name)));
  const from = lower === null ? sql`true` : sql`${columns} >= ${bound(lower)}`;
  const within = upper === null ? from : sql`${from} and ${columns} <= ${bound(upper)}`;
  const { rows } = await sql<{ key: string[] }>`
    select ${texts('known', place)} as key from (${distinctKeys(place, within)}) known order by ${names}`.execute(
    store.db,
  );
  return rows.map(({ key }) => key);
}

export interface LandedIn {
  readonly view: FeatureViewManifest;
  readonly chunkIds: readonly number[];
  /** Event timestamps of their rows, in milliseconds; both ends are included. */
  readonly firstEventMs: number;
  readonly lastEventMs: number;
}

/** Keys of rows that these chunks landed, once each, in order. */
export async function keysLanded(
  store: Pick<OfflineStore, 'db'>,
  project: HistoryProject,
  landed: readonly LandedIn[],
): Promise<readonly (readonly string[])[]> {
  const place = { project, views: landed.map(({ view }) => view) };
  const names = sql.join(tableOf(place).keys.map(({ name }) => sql.ref(name)));
  const parts = landed.map(
    ({ view, chunkIds, firstEventMs, lastEventMs }) => sql`
      select ${names} from ${tableName(historyTable(project, view))}
      where chunk_id = any (${chunkIds}::bigint[])
        and event_timestamp >= ${new Date(firstEventMs).toISOString()}::timestamptz
        and event_timestamp <= ${new Date(lastEventMs).toISOString()}::timestamptz`,
  );
  const { rows } = await sql<{ key: string[] }>`
    select ${texts('known', place)} as key from (${sql.join(parts, sql` union `)}) known order by ${names}`.execute(
    store.db,
  );
  return rows.map(({ key }) => key);
}

function distinctKeys(place: KeyedViews, within: RawBuilder<unknown>): RawBuilder<unknown> {
  // A windowed view has values for every key.
  const plain =
    place.require === 'all' ? place.views.find(({ windowed }) => windowed === undefined) : undefined;
  const views = plain === undefined ? place.views : [plain];
  const columns = tableOf(place).keys.map(({ name }) => sql.ref(name));
  // Events need not have the keys.
  const present = sql.join(
    columns.map((column) => sql`${column} is not null`),
    sql` and `,
  );
  return sql.join(
    views.map((view) => {
      const table = tableName(joinedTable(place, { view }));
      return sql`select distinct ${sql.join(columns)} from ${table} where ${within} and ${present}`;
    }),
    sql` union `,
  );
}

function tableOf({ project, views: [first] }: Pick<KeyedViews, 'project' | 'views'>): HistoryPlace {
  if (first === undefined) throw new Error('Keys of no view were asked for.');
  return historyPlace(project, first);
}

function tableName({ schema, name }: Pick<HistoryPlace, 'schema' | 'name'>): RawBuilder<unknown> {
  return sql.table(`${schema}.${name}`);
}

function row(columns: readonly RawBuilder<unknown>[]): RawBuilder<unknown> {
  return columns.length === 1 ? (columns[0] as RawBuilder<unknown>) : sql`(${sql.join(columns)})`;
}

/** Join keys are texts and integers. */
function texts(alias: string, place: Pick<KeyedViews, 'project' | 'views'>): RawBuilder<string[]> {
  return sql<
    string[]
  >`array[${sql.join(tableOf(place).keys.map(({ name }) => sql`${sql.ref(`${alias}.${name}`)}::text`))}]`;
}
