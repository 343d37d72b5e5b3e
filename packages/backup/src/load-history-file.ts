import { join } from 'node:path';
import { quotedName, textLiteral, writeFile, type Duckdb } from '@larder/archive';
import { LarderError } from '@larder/core';
import type { FeatureViewManifest, Manifest } from '@larder/features';
import {
  copyFromFile,
  ensureMonthlyPartitions,
  historyTable,
  limitSilence,
  monthOf,
  type OfflineStore,
} from '@larder/offline-store';
import { sql } from 'kysely';
import type { BackupContents } from './backup-folder.ts';
import { historyColumns } from './history-columns.ts';

/** One file of history, and what it belongs to. */
export interface HistoryFile {
  readonly folder: string;
  readonly file: BackupContents['history'][number];
  /** Of the file; the partition that has its rows carries it. */
  readonly sha256: string;
  readonly manifest: Manifest;
  readonly view: FeatureViewManifest;
  readonly signal?: AbortSignal | undefined;
}

const MAX_MS = 6 * 3_600_000;

/**
 * Loads a month into its empty partition, in one transaction that also marks the partition: a file that is loaded already
 * is skipped. Chunks and revisions get numbers of this database, in the same order.
 * @returns whether this call loaded it @throws BACKUP_REFUSED when the partition has other rows
 */
export async function loadHistoryFile(
  store: OfflineStore,
  duckdb: Duckdb,
  { folder, file, sha256, manifest, view, signal }: HistoryFile,
): Promise<boolean> {
  const table = historyTable(manifest, view);
  const monthMs = Date.parse(`${file.month}-01T00:00:00Z`);
  await store.transaction((tx) => ensureMonthlyPartitions(tx.db, table, [monthOf(monthMs)]));
  const partition = `"${table.schema}"."${table.name}_${file.month.replace('-', '_')}"`;
  const mark = `larder load ${sha256}`;
  const { columns, onlineAt } = historyColumns(manifest, view);
  const path = join(duckdb.folder, 'rows.csv');

  return store.transaction(async (tx) => {
    await limitSilence(tx, MAX_MS);
    await tx.client.query(`lock table ${partition} in share row exclusive mode`);
    const { rows } = await sql<{ mark: string | null; used: boolean }>`
      select obj_description(${partition}::regclass) as mark,
        exists (select from ${sql.raw(partition)}) as used`.execute(tx.db);
    if (rows[0]?.mark === mark) return false;
    if (rows[0]?.used === true)
      throw new LarderError(
        'BACKUP_REFUSED',
        `History of ${table.ref} in ${file.month} is there already, of another load. If nobody needs it, drop the schema ${table.schema} and load again.`,
      );
    await writeFile(
      duckdb,
      `select ${columns.map(({ name, type }) => `${asText(name, type)} as ${quotedName(name)}`).join(', ')}
       from read_parquet(${textLiteral(join(folder, file.path))}, hive_partitioning = false)`,
      { path, format: 'csv' },
    );
    const names = columns.map(({ name }) => quotedName(name));
    await tx.client.query(
      `create temporary table loading (${names.map((name) => `${name} text`).join(', ')}) on commit drop`,
    );
    await copyFromFile(tx.client, `pg_temp.loading (${names.join(', ')})`, { path, header: true, signal });
    await tx.client.query(`
      create temporary table new_chunks on commit drop as
      select old, nextval(pg_get_serial_sequence('larder.chunks', 'chunk_id')) as new, online_at
      from (select chunk_id::bigint as old, min(${quotedName(onlineAt)}::bigint) as online_at
            from pg_temp.loading group by 1 order by 1) o;
      create temporary table new_revisions on commit drop as
      select old, nextval(pg_get_serial_sequence('larder.runs', 'revision')) as new
      from (select distinct revision::bigint as old from pg_temp.loading order by 1) o;
      analyze pg_temp.new_chunks; analyze pg_temp.new_revisions`);
    const types = new Map([...table.keys, ...table.features].map(({ name, sqlType }) => [name, sqlType]));
    const stored = columns.filter(({ name }) => name !== onlineAt);
    const values = stored.map(({ name, type }) => {
      if (name === 'chunk_id') return 'c.new';
      if (name === 'revision') return 'r.new';
      const text = `l.${quotedName(name)}`;
      if (type === 'TIMESTAMPTZ') return instant(text);
      return `${text}::${types.get(name) ?? OWN_TYPES[name] ?? 'text'}`;
    });
    await tx.client.query(`
      insert into "${table.schema}"."${table.name}" (${stored.map(({ name }) => quotedName(name)).join(', ')})
      select ${values.join(', ')} from pg_temp.loading l
      join pg_temp.new_chunks c on c.old = l.chunk_id::bigint
      join pg_temp.new_revisions r on r.old = l.revision::bigint;
      insert into larder.kept_online_times (chunk_id, online_at)
      select new, ${instant('online_at')} from pg_temp.new_chunks where online_at is not null`);
    await tx.client.query(`comment on table ${partition} is ${textLiteral(mark)}`);
    return true;
  });
}

const OWN_TYPES: Readonly<Record<string, string>> = {
  input_hash: 'bigint',
  is_gone: 'boolean',
  kept_from: 'jsonb',
};

/** A value in DuckDB as text that PostgreSQL reads. */
function asText(name: string, type: string): string {
  const value = quotedName(name);
  if (type === 'TIMESTAMPTZ') return `epoch_us(${value})`;
  if (type === 'FLOAT[]') return `translate(${value}::varchar, '[]', '{}')`;
  return value;
}

/** Microseconds since 1970 as an instant, exactly: neither part is rounded. */
function instant(value: string): string {
  const us = `${value}::bigint`;
  return `to_timestamp((${us} / 1000000)::float8) + (${us} % 1000000) * interval '1 microsecond'`;
}
