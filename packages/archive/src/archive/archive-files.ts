import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LarderError, shellWord } from '@larder/core';
import type { OfflineStore, StoreTransaction } from '@larder/offline-store';
import { sql } from 'kysely';
import { STAGING, type Archive } from './archive-folder.ts';
import type { ArchivedView } from './archive-locks.ts';
import { syncPath } from './whole-files.ts';

/** A registered Parquet file. */
export interface ArchiveFile {
  /** Relative to the archive's folder. */
  readonly path: string;
  readonly month: string;
  readonly rows: number;
  readonly sizeBytes: number;
}

/** A written file that readers do not see yet. */
export interface StagedFile extends ArchiveFile {
  readonly stagedAs: string;
}

export const viewFolder = ({ view, version }: Pick<ArchivedView, 'view' | 'version'>): string =>
  `${view}_v${version}`;

export async function registeredFiles(
  store: Pick<OfflineStore, 'db'>,
  target: ArchivedView,
): Promise<ArchiveFile[]> {
  const files = await ofView(store, target).where('removed', '=', false).orderBy('path').execute();
  return files.map(({ path, month, rows, size_bytes }) => ({ path, month, rows, sizeBytes: size_bytes }));
}

export interface FilesChange {
  readonly target: ArchivedView;
  /** The generation that the change started from. */
  readonly generation: number;
  readonly added: readonly StagedFile[];
  /** Paths. */
  readonly removed: readonly string[];
  /** New values of the view's row. */
  readonly set: {
    readonly feed_id?: string | null;
    readonly position?: number;
    readonly erased_until?: Date | null;
  };
}

/**
 * Puts files on record, and takes others off it, unless somebody else did so since `generation`. From the commit on,
 * whoever comes next completes it by `completeFiles`, also when this process dies.
 * @returns false when somebody else was faster: nothing was changed
 */
export async function registerFiles(store: OfflineStore, change: FilesChange): Promise<boolean> {
  const { target, generation, added, removed, set } = change;
  return store.transaction(async (tx) => {
    const { numUpdatedRows } = await tx.db
      .updateTable('larder.archive_views')
      .set({ ...set, generation: generation + 1, archived_at: sql`now()` })
      .where('archive_id', '=', target.archiveId)
      .where('view', '=', target.view)
      .where('version', '=', target.version)
      .where('generation', '=', generation)
      .executeTakeFirst();
    if (numUpdatedRows !== 1n) return false;
    await markRemoved(tx, target, removed);
    if (added.length > 0)
      await tx.db
        .insertInto('larder.archive_files')
        .values(
          added.map(({ path, month, rows, sizeBytes, stagedAs }) => ({
            archive_id: target.archiveId,
            view: target.view,
            version: target.version,
            path,
            month,
            rows,
            size_bytes: sizeBytes,
            staged_as: stagedAs,
          })),
        )
        .execute();
    return true;
  });
}

async function markRemoved(
  tx: StoreTransaction,
  target: ArchivedView,
  paths: readonly string[],
): Promise<void> {
  if (paths.length === 0) return;
  await tx.db
    .updateTable('larder.archive_files')
    .set({ removed: true })
    .where('archive_id', '=', target.archiveId)
    .where('path', 'in', [...paths])
    .execute();
}

/**
 * Completes what is on record: deletes files that are no longer part of the archive, then moves staged files to their
 * places, so that at no time a row is in two files. Several processes may do it at once.
 * @throws ARCHIVE_INCOMPLETE when a registered file is in neither place
 */
export async function completeFiles(
  store: Pick<OfflineStore, 'db'>,
  archive: Archive,
  target: ArchivedView,
): Promise<void> {
  const files = await ofView(store, target)
    .where((where) => where.or([where('removed', '=', true), where('staged_as', 'is not', null)]))
    .execute();
  const at = (path: string): string => join(archive.folder, path);
  const gone = files.filter(({ removed }) => removed);
  for (const { path, staged_as: staged } of gone) {
    await rm(at(path), { force: true });
    if (staged !== null) await rm(at(staged), { force: true });
  }
  if (gone.length > 0)
    await store.db
      .deleteFrom('larder.archive_files')
      .where('archive_id', '=', target.archiveId)
      .where('removed', '=', true)
      .where(
        'path',
        'in',
        gone.map(({ path }) => path),
      )
      .execute();
  const staged = files.filter(({ removed }) => !removed);
  for (const { path, staged_as: from } of staged) {
    await mkdir(dirname(at(path)), { recursive: true });
    await rename(at(from as string), at(path)).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT' || !(await exists(at(path)))) throw incomplete(archive, path);
    });
    await syncPath(dirname(at(path)));
  }
  if (staged.length > 0)
    await store.db
      .updateTable('larder.archive_files')
      .set({ staged_as: null })
      .where('archive_id', '=', target.archiveId)
      .where(
        'path',
        'in',
        staged.map(({ path }) => path),
      )
      .execute();
}

/** Deletes files of the view that are not on record: what a process left that was killed. Only with the lock `writing`. */
export async function removeUnregistered(
  store: Pick<OfflineStore, 'db'>,
  archive: Archive,
  target: ArchivedView,
): Promise<void> {
  const files = await ofView(store, target).execute();
  const known = new Set(files.flatMap((file) => [file.path, file.staged_as]));
  const folder = viewFolder(target);
  const staged = (await namesIn(join(archive.folder, STAGING)))
    .filter((name) => name.startsWith(`${folder}--`))
    .map((name) => `${STAGING}/${name}`);
  const placed = (await namesIn(join(archive.folder, folder), true))
    .filter((name) => name.endsWith('.parquet'))
    .map((name) => `${folder}/${name}`);
  for (const path of [...staged, ...placed])
    if (!known.has(path)) await rm(join(archive.folder, path), { recursive: true, force: true });
}

/** Registered files that are not there. */
export async function missingFiles(archive: Archive, files: readonly ArchiveFile[]): Promise<string[]> {
  const there = await Promise.all(files.map(({ path }) => exists(join(archive.folder, path))));
  return files.filter((_, i) => there[i] !== true).map(({ path }) => path);
}

export function incomplete(archive: Archive, path: string): LarderError {
  return new LarderError(
    'ARCHIVE_INCOMPLETE',
    `${shellWord(join(archive.folder, path))} is part of the archive and is not there. Run: larder archive (it writes what is missing again).`,
  );
}

function ofView(store: Pick<OfflineStore, 'db'>, target: ArchivedView) {
  return store.db
    .selectFrom('larder.archive_files')
    .select(['path', 'month', 'rows', 'size_bytes', 'staged_as', 'removed'])
    .where('archive_id', '=', target.archiveId)
    .where('view', '=', target.view)
    .where('version', '=', target.version);
}

async function namesIn(folder: string, recursive = false): Promise<string[]> {
  return readdir(folder, { recursive }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
