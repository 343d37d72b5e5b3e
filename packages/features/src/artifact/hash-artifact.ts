import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * SHA-256 (hex) of a folder's content: sorted relative paths, sizes and bytes. Names that begin with a dot are
 * left out (editors and file managers create them).
 * @throws the file system's error when the folder cannot be read.
 */
export async function hashArtifact(folder: string): Promise<string> {
  const hash = createHash('sha256');
  for (const path of await listFiles(folder)) await hashFile(hash, folder, path);
  return hash.digest('hex');
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

async function hashFile(hash: Hash, folder: string, path: string): Promise<void> {
  const file = join(folder, path);
  const { size } = await stat(file);
  hash.update(`${path}\0${size}\0`);
  for await (const bytes of createReadStream(file)) hash.update(bytes as Buffer);
}
