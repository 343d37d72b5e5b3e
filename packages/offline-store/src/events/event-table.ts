import type {
  EntityManifest,
  EventSourceManifest,
  FieldManifest,
  FieldValue,
  Manifest,
} from '@larder/features';
import { sql, type RawBuilder } from 'kysely';
import { fieldColumn, type FieldColumn } from '../history/field-column.ts';
import type { PartitionedTable } from '../partitions/partitions.ts';

/** The parts of a project that its events need. */
export type EventProject = Pick<Manifest, 'project' | 'entities' | 'event_sources' | 'feature_views'>;

/** An event as it arrives. */
export interface ArrivedEvent {
  readonly eventId: string;
  readonly eventTimestampMs: number;
  readonly createdTimestampMs: number;
  /** It takes back the event of this id and timestamp. */
  readonly isRetracted: boolean;
  /** By the fields of the source; null where a retraction leaves them out. */
  readonly values: Readonly<Record<string, FieldValue | null>>;
}

/** Where the events of a source are. */
export interface EventTable extends PartitionedTable {
  readonly source: EventSourceManifest;
  readonly fields: readonly EventColumn[];
}

export interface EventColumn extends FieldColumn {
  readonly field: FieldManifest;
}

/** Of runs that land events of a source: sources have no versions. */
export const EVENT_SOURCE_VERSION = 1;

export function eventTable(project: string, source: EventSourceManifest): EventTable {
  return {
    schema: `${project}_history`,
    name: `${source.name}_events`,
    source,
    fields: source.schema.map((field) => Object.assign(fieldColumn(field), { field })),
  };
}

/** Columns of the entity's join keys. That of an entity without join keys has the same value in every row. */
export function keyColumns(table: EventTable, entity: EntityManifest): EventColumn[] {
  return entity.join_keys.map((key) => {
    const column =
      key.constant === undefined
        ? table.fields.find(({ name }) => name === key.name)
        : Object.assign(fieldColumn(key), { field: key });
    if (column === undefined) throw new Error(`${table.name} has no column ${key.name}.`);
    return column;
  });
}

export function tableOf({ schema, name }: PartitionedTable): RawBuilder<unknown> {
  return sql.table(`${schema}.${name}`);
}

/** A value as PostgreSQL reads it, exact. */
export function sqlText(value: FieldValue | null): string | null {
  if (value === null) return null;
  if (value instanceof Date) return value.toISOString();
  return (value as string | number | bigint | boolean).toString();
}

/** The value of a field from its text in PostgreSQL; timestamps as milliseconds since the epoch. */
export function fromSqlText({ type, safe }: FieldManifest, text: string | null): FieldValue | null {
  if (text === null) return null;
  switch (type) {
    case 'string':
      return text;
    case 'bool':
      return text === 't' || text === 'true';
    case 'int64':
      return safe === true ? Number(text) : BigInt(text);
    case 'timestamp':
      return new Date(Number(text));
    // PostgreSQL writes the shortest text that gives the same float32
    case 'float32':
      return Math.fround(Number(text));
    default:
      return Number(text);
  }
}

/** A field as text that `fromSqlText` reads. */
export function fieldText({ name, field }: EventColumn, alias: string): RawBuilder<string | null> {
  const column = sql.ref(`${alias}.${name}`);
  return field.type === 'timestamp'
    ? sql`(extract(epoch from ${column}) * 1000)::bigint::text`
    : sql`${column}::text`;
}
