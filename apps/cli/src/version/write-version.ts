import { copyFile, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, extname, join, relative, resolve } from 'node:path';
import { loadDefinitions } from '@larder/features';
import type { NextVersion } from './next-version.ts';

/**
 * Replaces the config with the one that has both versions, and copies the modules of the old one; all of it, or nothing
 * when the new config does not load.
 * @returns paths of the written files, as seen from the working folder
 * @throws PROJECT_NOT_LOADABLE, DEFINITION_INVALID, and an error for a copy whose name is taken
 */
export async function writeVersion(configPath: string, { text, modules }: NextVersion): Promise<string[]> {
  const folder = dirname(configPath);
  const extension = extname(configPath);
  // Beside the config, so that its relative imports hold.
  const candidate = join(folder, `larder.config.${process.pid}${extension}`);
  const written: string[] = [];
  try {
    for (const { from, to } of modules)
      if (await copyNew(resolve(folder, from), resolve(folder, to))) written.push(resolve(folder, to));
    await writeFile(candidate, text, { flag: 'wx' });
    await loadDefinitions(candidate);
    await rename(candidate, configPath);
  } catch (error) {
    await Promise.all([candidate, ...written].map((path) => rm(path, { force: true })));
    throw error;
  }
  return [configPath, ...written].map((path) => relative(process.cwd(), path));
}

/** False: the copy is there already. */
async function copyNew(from: string, to: string): Promise<boolean> {
  try {
    await copyFile(from, to, 1 /* COPYFILE_EXCL */);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    if ((await readFile(from, 'utf8')) === (await readFile(to, 'utf8'))) return false;
    throw error;
  }
}
