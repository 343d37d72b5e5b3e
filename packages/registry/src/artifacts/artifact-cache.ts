import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { LarderError, shellWord, type Logger } from '@larder/core';
import { hashArtifact } from '@larder/features';

/** A file of an artifact that is not on this machine yet. */
export interface RemoteFile {
  readonly path: string;
  open(): AsyncIterable<Buffer>;
}

export interface ArtifactCacheOptions {
  readonly folder: string;
  readonly logger: Logger;
}

/**
 * Copies of artifacts on the local disk: `artifacts/<sha256>/…` and `objects/<sha256>`. An entry appears complete, by a
 * rename, and is verified by its hash whenever it is asked for: what was damaged or changed is fetched again. Entries that
 * nobody asked for in 30 days are deleted. Any number of processes may share the folder.
 */
export interface ArtifactCache {
  /** @throws ARTIFACT_CACHE_UNAVAILABLE, ARTIFACT_NOT_FOUND, and what `fetch` throws */
  folder(sha256: string, fetch: () => Promise<readonly RemoteFile[]>): Promise<string>;
  /** Works without a usable disk, too: then the bytes are fetched each time. */
  object(sha256: string, fetch: () => AsyncIterable<Buffer>): Promise<Buffer>;
}

const UNUSED_MS = 30 * 86_400_000;
/** Unfinished entries of processes that were killed. */
const ABANDONED_MS = 86_400_000;

export function createArtifactCache({ folder, logger }: ArtifactCacheOptions): ArtifactCache {
  const artifacts = join(folder, 'artifacts');
  const objects = join(folder, 'objects');
  const unfinished = join(folder, 'tmp');
  /** Callers in this process that want the same entry share one check and one fetch. */
  const opening = new Map<string, Promise<string>>();

  async function openFolder(sha256: string, fetch: () => Promise<readonly RemoteFile[]>): Promise<string> {
    const entry = join(artifacts, sha256);
    if (await isWhole(entry, sha256)) return entry;
    const files = await fetch();
    const copy = join(unfinished, randomUUID());
    try {
      await mkdir(artifacts, { recursive: true });
      await mkdir(copy, { recursive: true });
      for (const file of files) await save(file, copy);
      if ((await hashArtifact(copy)) !== sha256) throw damaged(sha256);
      await land(copy, entry, sha256);
    } catch (error) {
      throw diskProblem(error, folder) ?? error;
    } finally {
      await rm(copy, { recursive: true, force: true }).catch(() => {});
    }
    await forgetUnused();
    return entry;
  }

  /** Puts the copy in the place of the entry; a damaged entry makes room, one that another process has landed stays. */
  async function land(copy: string, entry: string, sha256: string): Promise<void> {
    for (;;) {
      const error = await rename(copy, entry).catch((problem: NodeJS.ErrnoException) => problem);
      if (error === undefined) return;
      if (!TAKEN.has(error.code ?? '')) throw error;
      if (await isWhole(entry, sha256)) return;
      await remove(entry);
    }
  }

  /** Renames before it deletes, so that nobody finds half an entry. */
  async function remove(entry: string): Promise<void> {
    const away = join(unfinished, randomUUID());
    try {
      await rename(entry, away);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    await rm(away, { recursive: true, force: true }).catch(() => {});
  }

  async function forgetUnused(): Promise<void> {
    for (const parent of [artifacts, objects, unfinished]) {
      const oldest = Date.now() - (parent === unfinished ? ABANDONED_MS : UNUSED_MS);
      for (const name of await readdir(parent).catch(() => [])) {
        const entry = join(parent, name);
        const used = await stat(entry).catch(() => null);
        if (used !== null && used.mtimeMs < oldest) await remove(entry).catch(() => {});
      }
    }
  }

  async function saveObject(sha256: string, bytes: Buffer): Promise<void> {
    const copy = join(unfinished, randomUUID());
    try {
      await mkdir(objects, { recursive: true });
      await mkdir(unfinished, { recursive: true });
      await writeFile(copy, bytes, { mode: 0o444 });
      await rename(copy, join(objects, sha256));
    } catch (error) {
      await rm(copy, { force: true }).catch(() => {});
      logger.warn(
        { err: error, folder },
        'The artifact cache cannot be written; objects are fetched each time',
      );
    }
  }

  return {
    folder(sha256, fetch) {
      const known = opening.get(sha256);
      if (known !== undefined) return known;
      const opened = openFolder(sha256, fetch).finally(() => opening.delete(sha256));
      opening.set(sha256, opened);
      return opened;
    },
    async object(sha256, fetch) {
      const entry = join(objects, sha256);
      const cached = await readFile(entry).catch(() => null);
      if (cached !== null && sha256Of(cached) === sha256) {
        await markUsed(entry);
        return cached;
      }
      const parts: Buffer[] = [];
      for await (const part of fetch()) parts.push(part);
      const bytes = Buffer.concat(parts);
      if (sha256Of(bytes) !== sha256) throw damaged(sha256);
      await saveObject(sha256, bytes);
      return bytes;
    },
  };
}

async function save(file: RemoteFile, copy: string): Promise<void> {
  const parts = file.path.split('/');
  // The table may have been written by anybody who reaches the database.
  if (parts.some((part) => part === '' || part.startsWith('.') || part.includes('\\')))
    throw new LarderError('ARTIFACT_INVALID', `An artifact cannot have a file '${file.path}'.`);
  const target = join(copy, ...parts);
  await mkdir(dirname(target), { recursive: true });
  await pipeline(file.open(), createWriteStream(target, { mode: 0o444 }));
}

/** True when the folder exists and has this hash; then its unused time starts again. */
async function isWhole(entry: string, sha256: string): Promise<boolean> {
  try {
    await markUsed(entry);
    return (await hashArtifact(entry)) === sha256;
  } catch {
    return false;
  }
}

/** A disk that became read-only still serves what it has. */
async function markUsed(entry: string): Promise<void> {
  const now = new Date();
  await utimes(entry, now, now).catch(() => {});
}

/** The target of a rename exists: a folder with files, or a file. */
const TAKEN = new Set(['ENOTEMPTY', 'EEXIST', 'ENOTDIR', 'EPERM']);
const DISK_PROBLEMS: Readonly<Record<string, string>> = {
  ENOSPC: 'its disk is full',
  EDQUOT: 'its disk quota is used up',
  EROFS: 'its disk is read-only',
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  ENOTDIR: 'a part of its path is a file',
  EEXIST: 'a part of its path is a file',
  EIO: 'its disk fails',
};

function diskProblem(error: unknown, folder: string): LarderError | null {
  const { code = '', syscall } = error as NodeJS.ErrnoException;
  const problem = syscall === undefined ? undefined : DISK_PROBLEMS[code];
  if (problem === undefined) return null;
  return new LarderError(
    'ARTIFACT_CACHE_UNAVAILABLE',
    `The artifact cache ${shellWord(folder)} cannot be written: ${problem} (${code}). Fix that, or set LARDER_CACHE_FOLDER to another folder.`,
    { cause: error },
  );
}

function damaged(sha256: string): LarderError {
  return new LarderError(
    'ARTIFACT_NOT_FOUND',
    `The artifact store has other bytes under ${sha256} than were stored; they are not used. Apply a project that has the artifact: larder apply.`,
  );
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
