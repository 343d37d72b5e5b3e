import { mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LarderError } from '@larder/core';

/**
 * `write` writes files into a folder beside `folder`; they are moved over when it is done, and only then.
 * Errors name the files by their final paths.
 */
export async function replaceFiles<T>(folder: string, write: (candidate: string) => Promise<T>): Promise<T> {
  const candidate = await mkdtemp(join(dirname(folder), '.larder-seal-'));
  try {
    const result = await write(candidate);
    for (const file of await readdir(candidate)) await rename(join(candidate, file), join(folder, file));
    return result;
  } catch (error) {
    if (!(error instanceof LarderError)) throw error;
    throw new LarderError(error.code, error.message.replaceAll(candidate, folder), { cause: error });
  } finally {
    await rm(candidate, { recursive: true, force: true });
  }
}
