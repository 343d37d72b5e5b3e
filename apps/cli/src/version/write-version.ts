import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, extname, join, relative, resolve } from 'node:path';
import { loadDefinitions } from '@larder/features';
import type { NextVersion } from './next-version.ts';

/**
 * Replaces the config with the one that has both versions, and copies the modules of the old one; all of it, or nothing
 * when the new config does not load.
 * @returns paths of the written files, as seen from the working folder
 * @throws PROJECT_NOT_LOADABLE, DEFINITION_INVALID, and an error for a copy whose name is taken
 */
export async function writeVersion(
  configPath: string,
  { text, modules, source }: NextVersion,
): Promise<string[]> {
  const folder = dirname(configPath);
  const extension = extname(configPath);
  // Beside the config, so that its relative imports hold.
  const candidate = join(folder, `larder.config.${process.pid}${extension}`);
  const written: string[] = [];
  try {
    for (const { from, to } of modules) {
      const module = await readFile(resolve(folder, from), 'utf8');
      const kept = source === null ? module : importing(module, basename(configPath), source);
      if (await writeNew(resolve(folder, to), kept)) written.push(resolve(folder, to));
    }
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
async function writeNew(path: string, text: string): Promise<boolean> {
  try {
    await writeFile(path, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    if ((await readFile(path, 'utf8')) === text) return false;
    throw error;
  }
}

/** The module imports the copy of a constant of the config, under the name that it uses. */
function importing(
  module: string,
  config: string,
  { name, oldName }: NonNullable<NextVersion['source']>,
): string {
  const imports = new RegExp(
    String.raw`(\bimport\s+(?:type\s+)?\{)([^}]*)(\}\s*from\s*['"][./]+/${config.replaceAll('.', String.raw`\.`)}['"])`,
    'g',
  );
  const specifier = new RegExp(String.raw`((?:^|,)\s*(?:type\s+)?)${name}(\s+as\s+)?(?=[\s,]|$)`);
  return module.replace(
    imports,
    (_, head: string, names: string, tail: string) =>
      head +
      names.replace(
        specifier,
        (_all, before: string, as: string | undefined) => before + oldName + (as ?? ` as ${name}`),
      ) +
      tail,
  );
}
