import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, realpath } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { LarderError, shellWord } from '@larder/core';
import type { OfflineStore } from '@larder/offline-store';
import { z } from 'zod';
import { writeWhole } from './whole-files.ts';

/** Also the version of the layout: docs/reference/archive.md. */
export const ARCHIVE_FORMAT = 1;
const IDENTITY = '_larder.json';
/** Files that are not part of the archive yet; readers skip names with `_`. */
export const STAGING = '_staging';

const identity = z.looseObject({
  format: z.literal(ARCHIVE_FORMAT),
  archive_id: z.uuid(),
  project: z.string(),
});

/** The archive of one project: `<dir>/<project>`. */
export interface Archive {
  readonly archiveId: string;
  readonly project: string;
  /** Absolute, without symbolic links. */
  readonly folder: string;
}

/**
 * The archive in `<dir>/<project>`; null when there is none.
 * @throws ARCHIVE_FOLDER_REFUSED for an archive of another database or of another version of the format
 */
export async function findArchive(
  store: Pick<OfflineStore, 'db'>,
  dir: string,
  project: string,
): Promise<Archive | null> {
  const folder = resolve(dir, project);
  const text = await readFile(join(folder, IDENTITY), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw unusable(folder, error);
  });
  if (text === null) return null;
  const archiveId = identityIn(text, folder, project);
  const known = await store.db
    .selectFrom('larder.archives')
    .select('archive_id')
    .where('archive_id', '=', archiveId)
    .where('project', '=', project)
    .executeTakeFirst();
  if (known === undefined)
    throw refused(
      folder,
      'it is the archive of another database. Choose another folder (LARDER_ARCHIVE_DIR), or delete this one',
    );
  return { archiveId, project, folder: await realpath(folder) };
}

/** The same, and creates it. @throws ARCHIVE_FOLDER_REFUSED also when files are there that are not of an archive */
export async function openArchive(store: OfflineStore, dir: string, project: string): Promise<Archive> {
  const found = await findArchive(store, dir, project);
  if (found !== null) return found;
  const folder = resolve(dir, project);
  try {
    await mkdir(join(folder, STAGING), { recursive: true });
    // Another process may be creating the same archive: its identity appears whole.
    const others = (await readdir(folder)).filter((name) => name !== STAGING && !name.startsWith(IDENTITY));
    if (others.length > 0) {
      const created = await findArchive(store, dir, project);
      if (created !== null) return created;
      throw refused(
        folder,
        `it holds other files (${others.slice(0, 3).join(', ')}). Choose an empty folder`,
      );
    }
  } catch (error) {
    throw unusable(folder, error);
  }
  const archiveId = randomUUID();
  // On record first: an identity without a record belongs to another database.
  await store.db
    .insertInto('larder.archives')
    .values({ archive_id: archiveId, project, host: hostname(), folder })
    .execute();
  const created = {
    format: ARCHIVE_FORMAT,
    archive_id: archiveId,
    project,
    created_at: new Date().toISOString(),
  };
  await writeWhole(join(folder, IDENTITY), `${JSON.stringify(created, null, 2)}\n`, { exclusive: true });
  // Of another process that was faster.
  const winner = await findArchive(store, dir, project);
  if (winner === null) throw new Error(`${folder} has no ${IDENTITY} right after its creation.`);
  if (winner.archiveId !== archiveId)
    await store.db.deleteFrom('larder.archives').where('archive_id', '=', archiveId).execute();
  return winner;
}

function identityIn(text: string, folder: string, project: string): string {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = null;
  }
  const read = identity.safeParse(json);
  if (!read.success)
    throw refused(folder, `its ${IDENTITY} is not of this version of Larder (format ${ARCHIVE_FORMAT})`);
  if (read.data.project !== project)
    throw refused(folder, `it is the archive of project ${read.data.project}`);
  return read.data.archive_id;
}

function refused(folder: string, why: string): LarderError {
  return new LarderError('ARCHIVE_FOLDER_REFUSED', `${shellWord(folder)} cannot be the archive: ${why}.`);
}

function unusable(folder: string, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (typeof code !== 'string' || error instanceof LarderError) return error;
  return new LarderError('ARCHIVE_FOLDER_REFUSED', `${shellWord(folder)} cannot be used (${code}).`, {
    cause: error,
  });
}
