import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { writeWhole } from '@larder/archive';
import { LarderError, shellWord } from '@larder/core';
import { z } from 'zod';

/** Also the version of the layout. */
export const BACKUP_FORMAT = 1;
/** Written last: a folder without it is no backup. */
const CONTENTS = 'backup.json';
/** The applied manifest. */
export const DEFINITIONS = 'definitions.json';

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const name = z.string().regex(/^[a-z][a-z0-9_]*$/);

const contents = z.strictObject({
  format: z.literal(BACKUP_FORMAT),
  larder_version: z.string(),
  project: name,
  created_at: z.iso.datetime({ offset: true }),
  /** The last migration of the database. */
  migration: z.string(),
  /** Columns of each table in `control/<table>.csv`. */
  tables: z.record(name, z.array(name).min(1)),
  artifacts: z.array(hash),
  objects: z.array(hash),
  history: z.array(
    z.strictObject({
      view: name,
      version: z.int().positive(),
      month: z.string().regex(/^\d{4}-\d{2}$/),
      rows: z.int().nonnegative(),
      path: z.string(),
    }),
  ),
  files: z.array(
    z.strictObject({
      path: z.string().regex(/^[a-z0-9_]+(\/[a-z0-9_-]+){0,2}(\.(csv|json|parquet))?$/),
      size_bytes: z.int().nonnegative(),
      sha256: hash,
    }),
  ),
});

export type BackupContents = z.infer<typeof contents>;
export type BackupFile = BackupContents['files'][number];

/** @returns the absolute path of an empty folder @throws BACKUP_REFUSED */
export async function createFolder(dir: string): Promise<string> {
  const folder = resolve(dir);
  await mkdir(folder, { recursive: true });
  const present = await readdir(folder);
  if (present.length === 0) return folder;
  throw new LarderError(
    'BACKUP_REFUSED',
    present.includes(CONTENTS)
      ? `${shellWord(folder)} holds a backup. Choose an empty folder.`
      : `${shellWord(folder)} is not empty (${present.slice(0, 3).join(', ')}): other files, or a backup that was not finished. Choose an empty folder.`,
  );
}

/** Size and hash of a file of the folder. */
export async function describeFile(folder: string, path: string, signal?: AbortSignal): Promise<BackupFile> {
  const sha256 = createHash('sha256');
  for await (const bytes of createReadStream(join(folder, path), { signal })) sha256.update(bytes as Buffer);
  const { size } = await stat(join(folder, path));
  return { path, size_bytes: size, sha256: sha256.digest('hex') };
}

export async function writeContents(folder: string, written: BackupContents): Promise<void> {
  const sha256 = digestOf(written);
  await writeWhole(join(folder, CONTENTS), `${JSON.stringify({ ...written, sha256 }, null, 2)}\n`);
}

/** Reads what a folder holds, and every file of it against its hash. @throws BACKUP_DAMAGED */
export async function verifyFolder(dir: string, signal?: AbortSignal): Promise<BackupContents> {
  const folder = resolve(dir);
  const read = readContents(
    folder,
    await readFile(join(folder, CONTENTS), 'utf8').catch((error: NodeJS.ErrnoException) => {
      throw damaged(folder, `${CONTENTS} cannot be read (${error.code}): it is not a finished backup`);
    }),
  );
  for (const expected of read.files) {
    const found = await describeFile(folder, expected.path, signal).catch((error: NodeJS.ErrnoException) => {
      signal?.throwIfAborted();
      throw damaged(folder, `${expected.path} cannot be read (${error.code})`);
    });
    if (found.sha256 !== expected.sha256)
      throw damaged(folder, `${expected.path} has other bytes than were written`);
  }
  const listed = new Set(read.files.map(({ path }) => path));
  const needed = [
    DEFINITIONS,
    ...Object.keys(read.tables).map((table) => `control/${table}.csv`),
    ...read.objects.map((sha256) => `objects/${sha256}`),
    ...read.history.map(({ path }) => path),
  ];
  const unlisted = needed.find((path) => !listed.has(path));
  if (unlisted !== undefined) throw damaged(folder, `${CONTENTS} lists no ${unlisted}`);
  return read;
}

function readContents(folder: string, text: string): BackupContents {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw damaged(folder, `${CONTENTS} is not JSON`);
  }
  const { sha256, ...rest } = z.looseObject({ sha256: z.unknown() }).catch({ sha256: null }).parse(json);
  if (rest['format'] !== BACKUP_FORMAT && typeof rest['format'] === 'number')
    throw new LarderError(
      'BACKUP_REFUSED',
      `${shellWord(folder)} has format ${rest['format']}; this version of Larder reads format ${BACKUP_FORMAT}.`,
    );
  const parsed = contents.safeParse(rest);
  if (!parsed.success || digestOf(rest) !== sha256)
    throw damaged(folder, `${CONTENTS} is not what was written`);
  return parsed.data;
}

function digestOf(written: object): string {
  return createHash('sha256').update(JSON.stringify(written)).digest('hex');
}

function damaged(folder: string, what: string): LarderError {
  return new LarderError(
    'BACKUP_DAMAGED',
    `${shellWord(folder)}: ${what}. Nothing was loaded; copy the backup again.`,
  );
}
