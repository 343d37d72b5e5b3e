import { createWriteStream } from 'node:fs';
import { mkdir, writeFile as writeText } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { keepAlive, openDuckdb, syncPath, textLiteral } from '@larder/archive';
import { LARDER_VERSION, LarderError } from '@larder/core';
import type { Manifest } from '@larder/features';
import { copyToFile, limitSilence, type OfflineStore, type StoreTransaction } from '@larder/offline-store';
import { appliedManifest, contentOfProject, type ArtifactStore, type ProjectContent } from '@larder/registry';
import { sql } from 'kysely';
import {
  BACKUP_FORMAT,
  createFolder,
  DEFINITIONS,
  describeFile,
  writeContents,
  type BackupContents,
  type BackupFile,
} from './backup-folder.ts';
import { COPIED } from './control-tables.ts';
import { writeHistory, type ChosenHistory } from './write-history.ts';

export interface WriteBackupOptions {
  readonly project: string;
  readonly dir: string;
  /** @throws whatever is wrong with the choice */
  readonly history: (manifest: Manifest) => ChosenHistory;
  readonly signal?: AbortSignal | undefined;
}

export interface WrittenBackup {
  readonly folder: string;
  readonly contents: BackupContents;
  /** Event sources of the project: their events and tiles are not in the copy. */
  readonly eventSources: readonly string[];
}

/** The snapshot may be open as long. */
const MAX_MS = 6 * 3_600_000;

/**
 * Writes a logical copy of a project into an empty folder. Control tables and history are of one snapshot, so that a key is
 * either erased in both or in neither. Killed before its end, it leaves a folder that no load accepts.
 * @throws BACKUP_REFUSED, PROJECT_NOT_FOUND, WORK_MEMORY_EXCEEDED
 */
export async function writeBackup(
  store: OfflineStore,
  artifacts: ArtifactStore,
  { project, dir, history: choose, signal }: WriteBackupOptions,
): Promise<WrittenBackup> {
  const createdAt = new Date().toISOString();
  const read = await store.transaction(async (tx) => {
    await sql`set transaction isolation level repeatable read, read only`.execute(tx.db);
    await limitSilence(tx, MAX_MS);
    await sql`set local timezone = 'UTC'`.execute(tx.db);
    await sql`set local datestyle = 'ISO, YMD'`.execute(tx.db);
    const applied = await appliedManifest(tx, project);
    if (applied === null)
      throw new LarderError('PROJECT_NOT_FOUND', `No project ${project} is applied in this database.`);
    const { manifest } = applied;
    const chosen = choose(manifest);
    const folder = await createFolder(dir);
    const content = await contentOfProject(tx, project);
    const { migration, tables } = await writeControl(tx, { folder, project, content, signal });
    await writeText(join(folder, DEFINITIONS), `${JSON.stringify(manifest, null, 2)}\n`);
    const duckdb = await openDuckdb({ folders: [folder], ...(signal && { signal }) });
    const stop = keepAlive(tx);
    try {
      const history = await writeHistory(tx, duckdb, { folder, manifest, history: chosen, signal });
      return {
        folder,
        content,
        migration,
        tables,
        history,
        eventSources: Object.keys(manifest.event_sources ?? {}),
      };
    } finally {
      stop();
      await duckdb.close();
    }
  });
  const { folder, content, migration, tables, history, eventSources } = read;
  await mkdir(join(folder, 'objects'));
  for (const sha256 of content.objects) {
    const path = join(folder, 'objects', sha256);
    await pipeline(Readable.from(artifacts.read(sha256)), createWriteStream(path), signal ? { signal } : {});
    await syncPath(path);
  }
  const files: BackupFile[] = [];
  for (const path of [
    DEFINITIONS,
    ...Object.keys(tables).map((table) => `control/${table}.csv`),
    ...content.objects.map((sha256) => `objects/${sha256}`),
    ...history.map((file) => file.path),
  ])
    files.push(await describeFile(folder, path, signal));
  const contents: BackupContents = {
    format: BACKUP_FORMAT,
    larder_version: LARDER_VERSION,
    project,
    created_at: createdAt,
    migration,
    tables,
    artifacts: [...content.artifacts],
    objects: [...content.objects],
    history,
    files,
  };
  await writeContents(folder, contents);
  return { folder, contents, eventSources };
}

/** One JSON document a row, as CSV of one column. */
async function writeControl(
  tx: StoreTransaction,
  {
    folder,
    project,
    content,
    signal,
  }: {
    readonly folder: string;
    readonly project: string;
    readonly content: ProjectContent;
    readonly signal: AbortSignal | undefined;
  },
): Promise<Pick<BackupContents, 'migration' | 'tables'>> {
  await mkdir(join(folder, 'control'));
  const tables: Record<string, string[]> = {};
  for (const { name, orderBy, without = [] } of COPIED) {
    const { rows } = await sql<{ column: string }>`
      select column_name::text as column from information_schema.columns
      where table_schema = 'larder' and table_name = ${name} and is_generated = 'NEVER'
        and column_name <> all (${without}::text[])
      order by ordinal_position`.execute(tx.db);
    const columns = rows.map(({ column }) => column);
    const where =
      name === 'artifacts'
        ? `sha256 = any ('{${content.artifacts.join()}}')`
        : `project = ${textLiteral(project)}`;
    const path = join(folder, 'control', `${name}.csv`);
    const selected = columns.map((column) => `"${column}"`).join(', ');
    await copyToFile(
      tx.client,
      `select row_to_json(r) from (select ${selected} from larder.${name} where ${where} order by ${orderBy}) r`,
      { path, signal },
    );
    await syncPath(path);
    tables[name] = columns;
  }
  const { rows } = await sql<{ name: string }>`select max(name) as name from larder.migrations`.execute(
    tx.db,
  );
  return { migration: rows[0]?.name ?? '', tables };
}
