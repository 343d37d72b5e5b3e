import { createHash, type Hash } from 'node:crypto';
import { createReadStream, type Stats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { LarderError } from '@larder/core';

/** One file of an artifact. */
export interface ArtifactFile {
  /** Relative to the folder, with forward slashes. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** An artifact as its files. */
export interface ArtifactDescription {
  /** `hashArtifact` of the folder. */
  readonly sha256: string;
  /** Sorted by path. */
  readonly files: readonly ArtifactFile[];
}

/**
 * SHA-256 (hex) of a folder's content: sorted relative paths, sizes and bytes. Names that begin with a dot are
 * left out (editors and file managers create them).
 * @throws ARTIFACT_INVALID for what is not a file (a pipe, a link to nothing); the file system's error when the folder
 * cannot be read
 */
export async function hashArtifact(folder: string): Promise<string> {
  const hash = createHash('sha256');
  for (const path of await listFiles(folder)) await hashFile([hash], folder, path);
  return hash.digest('hex');
}

/**
 * The hash of a folder's content, and each file with its own, in one pass.
 * @throws ARTIFACT_INVALID for what is not a file (a pipe, a link to nothing); the file system's error when the folder
 * cannot be read
 */
export async function describeArtifact(folder: string): Promise<ArtifactDescription> {
  const hash = createHash('sha256');
  const files: ArtifactFile[] = [];
  for (const path of await listFiles(folder)) {
    const own = createHash('sha256');
    const sizeBytes = await hashFile([hash, own], folder, path);
    files.push({ path, sizeBytes, sha256: own.digest('hex') });
  }
  return { sha256: hash.digest('hex'), files };
}

/** Relative paths with forward slashes, in code unit order: the same on every platform. */
async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(folder, '/').length).replaceAll('\\', '/'))
    .filter((path) => !path.split('/').some((part) => part.startsWith('.')))
    .sort();
}

/** Adds the bytes to every hash, their path and size only to the first. @returns the size */
async function hashFile(hashes: readonly [Hash, Hash?], folder: string, path: string): Promise<number> {
  const file = join(folder, path);
  const { size } = await statFile(file);
  hashes[0].update(`${path}\0${size}\0`);
  for await (const bytes of createReadStream(file)) for (const hash of hashes) hash?.update(bytes as Buffer);
  return size;
}

/** Links are followed. @throws ARTIFACT_INVALID for a link to nothing, to itself or to a folder, a pipe, a device */
async function statFile(file: string): Promise<Stats> {
  const found = await stat(file).catch((cause: unknown) => {
    throw new LarderError(
      'ARTIFACT_INVALID',
      `${file} cannot be read; remove it from the artifact's folder, or repair the link.`,
      { cause },
    );
  });
  if (found.isFile()) return found;
  throw new LarderError(
    'ARTIFACT_INVALID',
    `${file} is not a file; an artifact's folder holds only files and folders.`,
  );
}
