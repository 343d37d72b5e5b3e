import { LarderError } from '@larder/core';
import type { EventSourceManifest, FieldManifest } from '@larder/features';
import { sql } from 'kysely';
import pg from 'pg';
import type { OfflineStore, StoreTransaction } from '../offline-store.ts';
import { MAX_NEW_PARTITIONS } from '../partitions/partitions.ts';
import { ensureMonthlyPartitions, missingMonths, monthOf } from '../partitions/monthly-partitions.ts';
import { eventTable, type EventProject, type EventTable } from './event-table.ts';

/**
 * Creates the table of a source's events with the partitions around today, or adds the columns of new fields; part of the
 * transaction that applies the source.
 * @throws DEFINITION_INVALID when a column has another type
 */
export async function ensureEventsIn(
  tx: StoreTransaction,
  project: EventProject,
  source: EventSourceManifest,
): Promise<void> {
  const table = eventTable(project.project, source);
  const quoted = `"${table.schema}"."${table.name}"`;
  await tx.client.query(`create schema if not exists "${table.schema}"`);
  const { rows } = await sql<{ name: string; type: string }>`
    select attname as name, format_type(atttypid, atttypmod) as type from pg_attribute
    where attrelid = to_regclass(${quoted}) and attnum > 0 and not attisdropped`.execute(tx.db);
  if (rows.length === 0) await createTable(tx, table);
  const held = new Map(rows.map(({ name, type }) => [name, type]));
  for (const { name, sqlType } of rows.length === 0 ? [] : table.fields) {
    const type = held.get(name)?.replace('timestamp with time zone', 'timestamptz');
    if (type === undefined)
      await tx.client.query(`alter table ${quoted} add column "${name}" ${columnType(sqlType)}`);
    else if (type !== sqlType)
      throw new LarderError(
        'DEFINITION_INVALID',
        `Event source ${source.name}: the events in history have ${name} as ${type}, not ${sqlType}; give the field another name.`,
      );
  }
  const thisMonth = monthOf(Date.now());
  await ensureMonthlyPartitions(tx.db, table, [thisMonth - 1, thisMonth, thisMonth + 1]);
  for (const { name, constant } of joinKeysOf(project, source).flat())
    // a constant default: only the catalog changes, and nobody who inserts names the column
    if (constant !== undefined && !held.has(name))
      await tx.client.query(
        `alter table ${quoted} add column if not exists "${name}" text collate "C" not null default ${pg.escapeLiteral(constant)}`,
      );
  for (const keys of joinKeysOf(project, source).map((fields) => fields.map(({ name }) => name))) {
    const columns = keys.map((key) => `"${key}"`).join(', ');
    const index = `${table.name}_of_${keys.join('_')}`.slice(0, 63);
    await tx.client.query(`create index if not exists "${index}" on ${quoted} (${columns}, event_timestamp)`);
  }
}

async function createTable(tx: StoreTransaction, table: EventTable): Promise<void> {
  const quoted = `"${table.schema}"."${table.name}"`;
  const fields = table.fields.map(({ name, sqlType }) => `"${name}" ${columnType(sqlType)}`);
  await tx.client.query(`
    create table ${quoted} (
      event_id text collate "C" not null,
      event_timestamp timestamptz not null,
      edition integer not null,
      created_timestamp timestamptz not null,
      revision bigint not null,
      chunk_id bigint not null,
      landed_at timestamptz not null default now(),
      is_retracted boolean not null,
      ${fields.join(',\n')},
      unique (event_id, event_timestamp, edition)
    ) partition by range (event_timestamp)`);
  // reading as of a time asks of each event whether it was corrected
  await tx.client.query(`create index on ${quoted} (event_id, event_timestamp, edition) where edition > 0`);
  await tx.client.query(`create index on ${quoted} using brin (chunk_id) with (autosummarize = on)`);
}

function columnType(sqlType: string): string {
  return sqlType === 'text' ? 'text collate "C"' : sqlType;
}

/** The join keys of each entity that a windowed view of the source has. */
function joinKeysOf(project: EventProject, source: EventSourceManifest): (readonly FieldManifest[])[] {
  const views = Object.values(project.feature_views).filter(
    ({ windowed }) => windowed?.event_source === source.name,
  );
  const entities = new Set(views.map(({ entity }) => entity));
  return [...entities].map((name) => project.entities[name]?.join_keys ?? []);
}

/** Creates the partitions that these events need, a few per transaction, before the transaction that lands them. */
export async function ensureEventPartitions(
  store: OfflineStore,
  project: string,
  source: EventSourceManifest,
  events: readonly { readonly eventTimestampMs: number }[],
): Promise<void> {
  const months = [...new Set(events.map(({ eventTimestampMs }) => monthOf(eventTimestampMs)))];
  const table = eventTable(project, source);
  const missing = await missingMonths(store.db, table, months);
  for (let start = 0; start < missing.length; start += MAX_NEW_PARTITIONS)
    await store.transaction((tx) =>
      ensureMonthlyPartitions(tx.db, table, missing.slice(start, start + MAX_NEW_PARTITIONS)),
    );
}
