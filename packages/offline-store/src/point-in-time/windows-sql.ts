/*
 * Windowed views in SQL, with the meaning that serving gives their tiles: an event counts in the tile of its timestamp once it is
 * known, the newest known edition of it, and a window covers whole tiles.
 */
import { decodeJsonValue, viewRef } from '@larder/features';
import type {
  AggregateManifest,
  ConditionManifest,
  EventSourceManifest,
  FieldManifest,
  WindowedManifest,
  WindowManifest,
} from '@larder/features';
import pg from 'pg';
import { sqlText } from '../events/event-table.ts';
import { fieldColumn } from '../history/field-column.ts';
import { distinctEstimateSql } from './distinct-sql.ts';
import { joinedEvents, joinedTable } from './joined-table.ts';
import { JOINED_STATUS, type JoinedColumn, type JoinedView, type PointInTimeJoin } from './point-in-time.ts';
import { epochMs, instantOf } from './result-text.ts';

const quoted = pg.escapeIdentifier;

interface WindowFeature {
  /** Index in the windows of the view. */
  readonly window: number;
  readonly aggregate: AggregateManifest;
}

/**
 * The features of a windowed view for spine row `s`, as `alias`: its tiles' bounds once per row, then one pass over the events of the
 * key within the longest window.
 */
export function windowsSql(join: PointInTimeJoin, joined: JoinedView, alias: string): string {
  const { view, features } = joined;
  const { windowed } = view;
  if (windowed === undefined) throw new Error(`${viewRef(view)} has no windows.`);
  const wanted = features.map((field) => windowFeature(joined, windowed, field));
  const bounds = `${alias}b`;
  const windows =
    features.length === 0 ? [...windowed.windows.keys()] : [...new Set(wanted.map(({ window }) => window))];
  const bound = windows.flatMap((at) => {
    const window = windowed.windows[at] as WindowManifest;
    return [`${instantOf(startUs(window))} as from${at}`, `${instantOf(endUs(window))} as to${at}`];
  });
  const outer = (side: 'least' | 'greatest', end: string): string =>
    `${side}(${windows.map((at) => `${bounds}.${end}${at}`).join(', ')})`;
  const read = [...new Set(wanted.flatMap(({ aggregate }) => fieldsOf(aggregate)))];
  const columns = sourceColumns(joinedEvents(join, joined), read);
  const table = joinedTable(join, joined);
  const events = `${quoted(table.schema)}.${quoted(table.name)}`;
  const keys = join.entity.join_keys.map(({ name }, at) => `e.${quoted(name)} = s.k${at}`);
  // `offset 0` keeps the bounds from being computed for each event
  return `
    cross join lateral (select ${bound.join(', ')} offset 0) ${bounds}
    cross join lateral (
      with e as (
        select e.event_id as id, e.event_timestamp as at, e.created_timestamp as created, e.revision
          ${read.map((name, at) => `, e.${quoted(name)} as x${at}`).join('')}
        from ${events} e
        where ${keys.join(' and ')}
          and e.event_timestamp >= ${outer('least', 'from')} and e.event_timestamp < ${outer('greatest', 'to')}
          and ${known(join, 'e')} and not e.is_retracted
          and (
            select true from ${events} later
            where later.event_id = e.event_id and later.event_timestamp = e.event_timestamp
              and later.edition > e.edition and later.edition > 0 and ${known(join, 'later')}
            limit 1) is null
      )
      select ${beyondSql(join, joined, outer('least', 'from'))} as beyond,
        max(array[${epochMs('e.at')}, ${epochMs('e.created')}, e.revision]) as newest
        ${wanted.map((feature, at) => `, ${valueSql(feature, columns, bounds)} as f${at}`).join('')}
      from e) ${alias}`;
}

/** Whether history no longer has all events of a window, so that its values cannot be had. */
function beyondSql(join: PointInTimeJoin, joined: JoinedView, from: string): string {
  const { retention_ms: retentionMs } = joinedEvents(join, joined);
  if (retentionMs === 'forever') return 'false';
  const kept = new Date(join.landedBefore.getTime() - retentionMs);
  return `${from} < ${pg.escapeLiteral(kept.toISOString())}::timestamptz`;
}

/**
 * A column of the result, from what `windowsSql` joins as `alias`: a windowed view is there also without events, unless its events
 * have left the retention of their source.
 */
export function windowsColumn({ features }: JoinedView, column: JoinedColumn, alias: string): string {
  switch (column.holds) {
    case 'row':
      throw new Error('The row comes from the spine.');
    case 'status':
      return `case when ${alias}.beyond then ${JOINED_STATUS.NOT_FOUND} else ${JOINED_STATUS.PRESENT} end`;
    case 'event_ms':
      return `case when not ${alias}.beyond then ${alias}.newest[1] end`;
    case 'created_ms':
      return `case when not ${alias}.beyond then ${alias}.newest[2] end`;
    case 'revision':
      return `case when not ${alias}.beyond then ${alias}.newest[3] end`;
    case 'feature':
      return `case when not ${alias}.beyond then ${alias}.f${features.indexOf(column.field)} end`;
  }
}

function windowFeature(
  { view }: JoinedView,
  windowed: WindowedManifest,
  field: FieldManifest,
): WindowFeature {
  const place = view.schema.findIndex(({ name }) => name === field.name);
  const aggregate = windowed.aggregates[Math.floor(place / windowed.windows.length)];
  if (place < 0 || aggregate === undefined) throw new Error(`${viewRef(view)} has no feature ${field.name}.`);
  return { window: place % windowed.windows.length, aggregate };
}

/** Start of the first tile that counts at the spine row's time, in microseconds. */
function startUs({ window_ms: windowMs, hop_ms: hopMs }: WindowManifest): string {
  return floorTo(`(s.at_us - ${us(windowMs)})`, us(hopMs));
}

/** End of the tile that runs at the spine row's time. */
function endUs({ hop_ms: hopMs }: WindowManifest): string {
  return `${floorTo('s.at_us', us(hopMs))} + ${us(hopMs)}`;
}

const us = (ms: number): bigint => BigInt(ms) * 1_000n;

/** Division rounds towards zero, before 1970 too. */
function floorTo(value: string, step: bigint): string {
  return `${value} - (${value} % ${step} + ${step}) % ${step}`;
}

function fieldsOf({ field, where }: AggregateManifest): string[] {
  return [...(field === null ? [] : [field]), ...where.map((condition) => condition.field)];
}

/**
 * Whether an edition was known at the spine row's time. Scalar subqueries, here and for corrections: the planner would turn joins
 * into hashes of whole tables, for each row.
 */
function known({ cutOff, landedBefore }: PointInTimeJoin, alias: string): string {
  const landed = `${alias}.landed_at < ${pg.escapeLiteral(landedBefore.toISOString())}::timestamptz`;
  if (cutOff === 'created') return `${landed} and ${alias}.created_timestamp <= s.at`;
  return `${landed} and (select min(online_at) from larder.chunk_online_times o where o.chunk_id = ${alias}.chunk_id) <= s.at`;
}

function valueSql({ window, aggregate }: WindowFeature, columns: Columns, bounds: string): string {
  const { function: name, field } = aggregate;
  const conditions = [
    `e.at >= ${bounds}.from${window} and e.at < ${bounds}.to${window}`,
    ...aggregate.where.map((condition) => conditionSql(condition, columns)),
  ];
  const filter = `filter (where ${conditions.join(' and ')})`;
  if (field === null) return `count(*) ${filter}`;
  const { column, field: read } = columnOf(columns, field);
  const value = read.type === 'bool' ? `${column}::int::float8` : `${column}::float8`;
  const present = [...conditions, `${column} is not null`].join(' and ');
  switch (name) {
    case 'count':
      return `count(${column}) ${filter}`;
    case 'sum':
      return `coalesce(sum(${value}) ${filter}, 0)`;
    // `avg` adds up squares too, which overflow
    case 'mean':
      return `(sum(${value}) ${filter} / nullif(count(${column}) ${filter}, 0))`;
    case 'min':
    case 'max':
      return `${name}(${value}) ${filter}`;
    case 'last':
      return `(select ${value} from e where ${present} order by e.at desc, e.created desc, e.id desc limit 1)`;
    case 'approximate_distinct':
      return distinctEstimateSql(`select md5(${column}::text) as hash from e where ${present}`);
  }
}

const COMPARED = { gte: '>=', gt: '>', lte: '<=', lt: '<' } as const;

function conditionSql({ field: name, operator, values }: ConditionManifest, columns: Columns): string {
  const { column, field } = columnOf(columns, name);
  const literals = values.map((json) => {
    const decoded = decodeJsonValue(field, json);
    if (!decoded.ok) throw new Error(`A condition on ${name} ${decoded.detail}.`);
    return `${pg.escapeLiteral(sqlText(decoded.value) ?? '')}::${fieldColumn(field).sqlType}`;
  });
  if (operator === 'in') return `${column} in (${literals.join(', ')})`;
  return `${column} ${COMPARED[operator]} ${literals[0]}`;
}

/** By field: its name in the query, which no name of a field can collide with. */
type Columns = ReadonlyMap<string, { readonly column: string; readonly field: FieldManifest }>;

function sourceColumns({ name: source, schema }: EventSourceManifest, read: readonly string[]): Columns {
  return new Map(
    read.map((name, at) => {
      const field = schema.find((each) => each.name === name);
      if (field === undefined) throw new Error(`Event source ${source} has no field ${name}.`);
      return [name, { column: `e.x${at}`, field }];
    }),
  );
}

function columnOf(columns: Columns, name: string) {
  const column = columns.get(name);
  if (column === undefined) throw new Error(`The query reads no ${name}.`);
  return column;
}
