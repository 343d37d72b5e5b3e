import { LarderError } from '@larder/core';
import { encodeJsonValue } from '@larder/features';
import { sql } from 'kysely';
import { limitSilence } from '../connection/limit-silence.ts';
import { allowSilence } from '../connection/silence-guard.ts';
import { fieldColumn } from '../history/field-column.ts';
import { keyTexts } from '../history/key-parameters.ts';
import type { OfflineStore, StoreTransaction } from '../offline-store.ts';
import { countRemoved } from './count-removed.ts';
import { eventTablesOf, tileTablesOf } from './erase-events.ts';
import type { Erasure } from './erasure.ts';
import { historyTablesOfEntity } from './history-tables-of-entity.ts';
import { TABLES } from './places.ts';

/** A table, with the columns that can hold a key. */
interface Candidate {
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly string[];
}

/** Above PostgreSQL's `deadlock_timeout`, after which an autovacuum gives way. */
const LOCK_TIMEOUT_MS = 3_000;
/** Reads at most 30,000 rows of each partition. */
const ANALYZE_TIMEOUT_MS = 300_000;
const LOCK_NOT_AVAILABLE = '55P03';
/** Characters with a meaning in a regular expression. */
const SPECIAL = String.raw`([]\\.*+?^{}()|$[])`;

/**
 * The planner's statistics keep frequent values of a column after their rows are deleted, until the next ANALYZE, which
 * may be months away. Analyzes the columns whose statistics hold the key; call it once the rows are gone.
 * @throws ERASURE_UNFINISHED
 */
export async function eraseStatistics(
  store: Pick<OfflineStore, 'db' | 'transaction'>,
  erasure: Erasure,
): Promise<void> {
  const columns = erasure.entity.join_keys.map(({ name }) => name);
  const schema = `${erasure.project}_history`;
  const candidates = [
    ...(await historyTablesOfEntity(store, erasure)).map((history) => ({
      schema: history.schema,
      name: history.name,
      columns,
    })),
    ...(await eventTablesOf(store, erasure)).map((name) => ({ schema, name, columns })),
    ...(await tileTablesOf(store, erasure)).map((name) => ({ schema, name, columns: ['entity_key'] })),
    ...tablesOfKeys(),
  ];
  for (const held of await statisticsWithKey(store, erasure, candidates))
    await store.transaction(async (tx) => {
      await analyze(tx, held);
      await countRemoved(tx, erasure, { place: 'statistics', count: held.columns.length });
    });
}

/** The receipt holds the key until it is closed: call it in the transaction that takes the key out of it. */
export async function eraseReceiptStatistics(tx: StoreTransaction, erasure: Erasure): Promise<void> {
  const receipts = [{ schema: 'larder', name: 'erasures', columns: ['entity_key'] }];
  for (const held of await statisticsWithKey(tx, erasure, receipts)) await analyze(tx, held);
}

function tablesOfKeys(): Candidate[] {
  return Object.entries(TABLES).flatMap(([name, place]) => {
    const columns = Object.keys(place.columns).filter((column) => place.columns[column] === 'key');
    return name === 'erasures' || columns.length === 0 ? [] : [{ schema: 'larder', name, columns }];
  });
}

/**
 * Tables and partitions in whose statistics a value contains the key or one of its parts as a word: the parts of a
 * composite key are in columns of their own, and other rows may have them too.
 */
async function statisticsWithKey(
  { db }: Pick<OfflineStore, 'db'>,
  erasure: Erasure,
  candidates: readonly Candidate[],
): Promise<Candidate[]> {
  const { rows } = await sql<Candidate>`
    with pattern as (
      select '(^|[^0-9A-Za-z])(' || string_agg(regexp_replace(text, ${SPECIAL}, '\\\\\\1', 'g'), '|')
        || ')($|[^0-9A-Za-z])' as of_key
      from unnest(array[${sql.join(texts(erasure))}]) as text
    ), place as materialized (
      select n.nspname, c.relname, of.columns
      from jsonb_to_recordset(${JSON.stringify(candidates)}::jsonb) as of (schema text, name text, columns text[])
      join pg_namespace root_schema on root_schema.nspname = of.schema
      join pg_class root on root.relnamespace = root_schema.oid and root.relname = of.name
      cross join lateral (select root.oid as relid union select relid from pg_partition_tree(root.oid)) part
      join pg_class c on c.oid = part.relid
      join pg_namespace n on n.oid = c.relnamespace
    )
    select s.schemaname as schema, s.tablename as name, array_agg(distinct s.attname::text) as columns
    from pg_stats s
    join place on place.nspname = s.schemaname and place.relname = s.tablename and s.attname = any(place.columns)
    where exists (
      select from pattern, unnest(most_common_vals::text::text[] || histogram_bounds::text::text[]
        || most_common_elems::text::text[]) as value
      where value ~ of_key)
    group by 1, 2 order by 1, 2`.execute(db);
  return rows;
}

/** The ways in which a key is written in a column, in a JSON value, or in an array within an array. */
function texts({ entity, entityKey, keys }: Erasure) {
  const plain = entity.join_keys.map((field) => {
    const value = encodeJsonValue(field, keys[field.name] ?? null);
    return typeof value === 'string' ? value : JSON.stringify(value);
  });
  const written = new Set(
    [entityKey, ...plain].flatMap((text) => [
      text,
      JSON.stringify(text).slice(1, -1),
      text.replaceAll(/["\\]/g, String.raw`\$&`),
    ]),
  );
  const columns = entity.join_keys.map(fieldColumn);
  const place = { ref: entity.name, schema: '', name: '', keys: columns };
  return [
    ...[...written].map((text) => sql`${text}::text`),
    ...columns.map(({ name, sqlType }) => {
      const [text = ''] = keyTexts(place, name, [keys]);
      return sql`${text}::text::${sql.raw(sqlType)}::text`;
    }),
  ];
}

async function analyze(tx: StoreTransaction, { schema, name, columns }: Candidate): Promise<void> {
  await limitSilence(tx, ANALYZE_TIMEOUT_MS);
  allowSilence(tx.client, ANALYZE_TIMEOUT_MS);
  await sql`set local lock_timeout = ${sql.lit(LOCK_TIMEOUT_MS)}`.execute(tx.db);
  const of = sql.join(columns.map((column) => sql.ref(column)));
  try {
    if (schema === 'larder') {
      await sql`select larder.analyze_columns(${name}, ${columns}::text[])`.execute(tx.db);
      return;
    }
    await sql`analyze ${sql.table(`${schema}.${name}`)} (${of})`.execute(tx.db);
    await clearOfEmpty(tx, { schema, name, columns });
  } catch (error) {
    if ((error as { code?: unknown }).code !== LOCK_NOT_AVAILABLE) throw error;
    throw new LarderError(
      'ERASURE_UNFINISHED',
      `Everything is erased, except from the planner's statistics of ${schema}.${name}, which another VACUUM, ANALYZE or change of the table has locked; a worker continues once it has ended.`,
    );
  }
}

/** ANALYZE leaves the statistics of a table without rows as they were. PostgreSQL before 18 cannot clear them. */
async function clearOfEmpty(tx: StoreTransaction, { schema, name, columns }: Candidate): Promise<void> {
  const { rows } = await sql<{ can: boolean }>`
    select to_regproc('pg_clear_attribute_stats') is not null
      and not exists (select from ${sql.table(`${schema}.${name}`)}) as can`.execute(tx.db);
  if (rows[0]?.can !== true) return;
  await sql`
    select pg_clear_attribute_stats(schemaname::text, tablename::text, attname::text, inherited) from pg_stats
    where schemaname = ${schema} and tablename = ${name} and attname = any(${columns}::text[])`.execute(
    tx.db,
  );
}
