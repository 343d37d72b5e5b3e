import { join } from 'node:path';
import { LarderError } from '@larder/core';
import { copyFromFile, type OfflineStore, type StoreTransaction } from '@larder/offline-store';
import { sql } from 'kysely';
import type { BackupContents } from './backup-folder.ts';
import { COPIED, type CopiedTable } from './control-tables.ts';

/** Inserts the rows of every copied table in the caller's transaction. @throws BACKUP_REFUSED */
export async function loadControl(
  tx: StoreTransaction,
  {
    folder,
    contents,
    signal,
  }: {
    readonly folder: string;
    readonly contents: BackupContents;
    readonly signal: AbortSignal | undefined;
  },
): Promise<void> {
  for (const table of COPIED) {
    const columns = contents.tables[table.name];
    if (columns === undefined) continue;
    const lines = `pg_temp.lines_${table.name}`;
    await tx.client.query(`create temporary table lines_${table.name} (line json) on commit drop`);
    const path = join(folder, 'control', `${table.name}.csv`);
    await copyFromFile(tx.client, `${lines} (line)`, { path, header: false, signal });
    if (table.id !== undefined)
      await tx.client.query(`
        create temporary table ids_${table.name} on commit drop as
        select old, nextval(pg_get_serial_sequence('larder.${table.name}', '${table.id}')) as new
        from (select (line ->> '${table.id}')::bigint as old from ${lines} order by 1) o`);
    const names = columns.map((column) => `"${column}"`).join(', ');
    const values = columns.map((column) => valueOf(table, column)).join(', ');
    const { rowCount } = await tx.client.query(`
      insert into larder.${table.name} (${names}) overriding system value
      select ${values} from ${lines} cross join lateral json_populate_record(null::larder.${table.name}, line) r
      ${AGAIN[table.name] ?? ''}`);
    if (table.name === 'erasure_secrets') await refuseOtherSecret(tx, contents.project, rowCount);
  }
}

/** What may be there although the project is not applied: content of other projects, and a secret that hashed nothing. */
const AGAIN: Readonly<Record<string, string>> = {
  artifacts: 'on conflict (sha256) do update set touched_at = clock_timestamp()',
  erasure_secrets:
    'on conflict (project) do update set secret = excluded.secret where erasure_secrets.tombstones = 0',
};

function valueOf({ id, name, refers = {} }: CopiedTable, column: string): string {
  const target = column === id ? name : refers[column];
  const value = `r."${column}"`;
  return target === undefined ? value : `(select new from pg_temp.ids_${target} where old = ${value})`;
}

async function refuseOtherSecret(
  tx: StoreTransaction,
  project: string,
  written: number | null,
): Promise<void> {
  const { rows } = await sql<{ erased: boolean }>`
    select exists (select from larder.tombstones where project = ${project}) as erased`.execute(tx.db);
  if (written === 1 || rows[0]?.erased !== true) return;
  throw new LarderError(
    'BACKUP_REFUSED',
    `This database has erasures of project ${project}, by another secret. Load into another database.`,
  );
}

/** @throws BACKUP_REFUSED where the database cannot take the rows */
export async function refuseTarget(
  tx: Pick<OfflineStore, 'db'>,
  { project, migration, tables }: BackupContents,
): Promise<void> {
  const { rows: known } = await sql`select from larder.migrations where name = ${migration}`.execute(tx.db);
  const { rows: columns } = await sql<{ name: string }>`
    select table_name || '.' || column_name as name from information_schema.columns
    where table_schema = 'larder'`.execute(tx.db);
  const present = new Set(columns.map(({ name }) => name));
  const unknown = Object.entries(tables)
    .flatMap(([table, names]) => names.map((name) => `${table}.${name}`))
    .find((name) => !present.has(name));
  if (known.length === 0 || unknown !== undefined)
    throw new LarderError(
      'BACKUP_REFUSED',
      `The backup is of a newer database (${migration}). Install that release of Larder and run: larder migrate`,
    );
  for (const { name, without = [] } of COPIED) {
    if (name === 'artifacts' || without.includes('tombstones')) continue;
    const { rows } = await sql`
      select from ${sql.table(`larder.${name}`)} where project = ${project} limit 1`.execute(tx.db);
    if (rows.length === 0) continue;
    throw new LarderError(
      'BACKUP_REFUSED',
      name === 'manifests'
        ? `Project ${project} is applied in this database. A backup is loaded where it is not: into another database.`
        : `This database has rows of project ${project} in larder.${name}. Load into another database.`,
    );
  }
}
