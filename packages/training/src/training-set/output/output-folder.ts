import { mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { LarderError, newId } from '@larder/core';

/** A folder that appears complete or not at all. */
export interface OutputFolder {
  /** Where files are written until `publish`. */
  readonly building: string;
  /** Renames the folder to its name. */
  publish(): Promise<void>;
  /** Removes what was written; nothing after `publish`. */
  discard(): Promise<void>;
}

const MARK = '.larder-building-';

/** Also removes what killed builds of this host left beside the folder. @throws FOLDER_NOT_EMPTY */
export async function openOutputFolder(path: string): Promise<OutputFolder> {
  const folder = resolve(path);
  const parent = dirname(folder);
  await checkEmpty(folder);
  await mkdir(parent, { recursive: true });
  const host = hostname().replaceAll(/[^\w.-]/g, '_');
  await removeDead(parent, host);
  const building = join(parent, `.${basename(folder)}${MARK}${host}-${process.pid}-${newId()}`);
  await mkdir(building);
  let published = false;
  return {
    building,
    async publish() {
      await checkEmpty(folder);
      // Another build may publish meanwhile.
      await rmdir(folder).catch(ignored('ENOENT', 'ENOTEMPTY', 'EEXIST'));
      await rename(building, folder).catch((error: NodeJS.ErrnoException) => {
        throw error.code === 'ENOTEMPTY' || error.code === 'EEXIST' ? notEmpty(folder) : error;
      });
      published = true;
    },
    async discard() {
      if (!published) await rm(building, { recursive: true, force: true });
    },
  };
}

async function checkEmpty(folder: string): Promise<void> {
  const entries = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    if (error.code === 'ENOTDIR') return ['.'];
    throw error;
  });
  if (entries.length > 0) throw notEmpty(folder);
}

function notEmpty(folder: string): LarderError {
  return new LarderError('FOLDER_NOT_EMPTY', `${folder} exists and is not empty; name another folder.`);
}

function ignored(...codes: readonly string[]): (error: NodeJS.ErrnoException) => void {
  return (error) => {
    if (!codes.includes(error.code ?? '')) throw error;
  };
}

async function removeDead(parent: string, host: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const at = name.indexOf(`${MARK}${host}-`);
    if (!name.startsWith('.') || at < 0) continue;
    const pid = /^(\d+)-[\w-]+$/.exec(name.slice(at + MARK.length + host.length + 1))?.[1];
    if (pid !== undefined && !isAlive(Number(pid)))
      await rm(join(parent, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
