import { LarderError } from '@larder/core';
import type { FeatureViewManifest } from '@larder/features';
import { sql } from 'kysely';
import type { OfflineStore, StoreTransaction } from '../offline-store.ts';
import { ensureMonthlyPartitions, monthOf } from '../partitions/monthly-partitions.ts';
import { NEWEST_FIRST } from './newest-first.ts';
import {
  GONE_COLUMN,
  HISTORY_COLUMNS,
  historyTable,
  KEPT_COLUMN,
  type HistoryProject,
  type HistoryTable,
} from './history-table.ts';

/**
 * Creates the view version's history table and the partitions around today, unless they exist.
 * @throws DEFINITION_INVALID when a field has the name of a column of every history table, or there are too many
 * fields.
 */
export function ensureHistory(
  store: OfflineStore,
  project: HistoryProject,
  view: FeatureViewManifest,
): Promise<void> {
  return store.transaction((tx) => ensureHistoryIn(tx, project, view));
}

/** `ensureHistory` as part of the caller's transaction. */
export async function ensureHistoryIn(
  tx: StoreTransaction,
  project: HistoryProject,
  view: FeatureViewManifest,
): Promise<void> {
  const table = historyTable(project, view);
  refuseUnstorable(table);
  // One creator at a time: `if not exists` alone still races on the catalog's unique indexes.
  await sql`lock table larder.manifests in share update exclusive mode`.execute(tx.db);
  const quoted = `"${table.schema}"."${table.name}"`;
  const { rows } = await sql<{ there: boolean; columns: readonly string[] }>`
    select to_regclass(${quoted}) is not null as there, array(select attname::text from pg_attribute
      where attrelid = to_regclass(${quoted}) and attname in (${GONE_COLUMN}, ${KEPT_COLUMN}) and not attisdropped) as columns`.execute(
    tx.db,
  );
  const [known] = rows;
  if (known?.there !== true) await createTable(tx, table);
  else {
    // An older process created the table after the migration that adds the column to all tables.
    if (table.isGone === GONE_COLUMN && !known.columns.includes(GONE_COLUMN))
      await tx.client.query(`alter table ${quoted} add column ${GONE_COLUMN_TYPE}`);
    // The view keeps values since now.
    if (table.keepsValues && !known.columns.includes(KEPT_COLUMN))
      await tx.client.query(`alter table ${quoted} add column ${KEPT_COLUMN_TYPE}`);
  }
  const thisMonth = monthOf(Date.now());
  await ensureMonthlyPartitions(tx.db, table, [thisMonth - 1, thisMonth, thisMonth + 1]);
}

const MAX_COLUMNS = 1_600;
const GONE_COLUMN_TYPE = `${GONE_COLUMN} boolean not null default false`;
const KEPT_COLUMN_TYPE = `${KEPT_COLUMN} jsonb`;

/** Checks what the definition language does not know: reserved column names of history, and PostgreSQL's limit on columns. */
function refuseUnstorable(table: HistoryTable): void {
  const taken = new Set<string>(HISTORY_COLUMNS);
  for (const { name } of [...table.keys, ...table.features]) {
    if (taken.has(name))
      throw new LarderError(
        'DEFINITION_INVALID',
        `${table.ref}: '${name}' is a reserved column of history, or is used twice; rename the field.`,
      );
    taken.add(name);
  }
  if (taken.size > MAX_COLUMNS)
    throw new LarderError(
      'DEFINITION_INVALID',
      `${table.ref} would have ${taken.size} columns; PostgreSQL allows ${MAX_COLUMNS}. Split the view, or use a vector.`,
    );
}

async function createTable(tx: StoreTransaction, table: HistoryTable): Promise<void> {
  const quoted = `"${table.schema}"."${table.name}"`;
  const keys = table.keys.map(
    (key) => `"${key.name}" ${key.sqlType}${key.sqlType === 'text' ? ' collate "C"' : ''} not null`,
  );
  // Vectors of floats do not compress: EXTERNAL keeps them out of line and uncompressed.
  const features = table.features.map(
    (feature) =>
      `"${feature.name}" ${feature.sqlType}${feature.sqlType === 'real[]' ? ' storage external' : ''}`,
  );
  await tx.client.query(`create schema if not exists "${table.schema}"`);
  await tx.client.query(`
    create table ${quoted} (
      ${keys.join(',\n')},
      event_timestamp timestamptz not null,
      created_timestamp timestamptz not null,
      revision bigint not null,
      landed_at timestamptz not null default now(),
      chunk_id bigint not null,
      input_hash bigint not null,
      ${table.isGone === GONE_COLUMN ? `${GONE_COLUMN_TYPE},` : ''}
      ${table.keepsValues ? `${KEPT_COLUMN_TYPE},` : ''}
      ${features.join(',\n')}
    ) partition by range (event_timestamp)`);
  const keyList = table.keys.map((key) => `"${key.name}"`).join(', ');
  await tx.client.query(`create unique index on ${quoted} (${keyList}, ${NEWEST_FIRST})`);
  await tx.client.query(`create index on ${quoted} using brin (chunk_id) with (autosummarize = on)`);
}
