import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { LarderError } from '@larder/core';

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
  const building = join(parent, `.${basename(folder)}${MARK}${host}-${process.pid}-${Date.now()}`);
  await mkdir(building);
  let published = false;
  return {
    building,
    async publish() {
      await checkEmpty(folder);
      if (existsSync(folder)) await rmdir(folder);
      await rename(building, folder);
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
  if (entries.length > 0)
    throw new LarderError('FOLDER_NOT_EMPTY', `${folder} exists and is not empty; name another folder.`);
}

async function removeDead(parent: string, host: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const at = name.indexOf(`${MARK}${host}-`);
    if (!name.startsWith('.') || at < 0) continue;
    const pid = /^(\d+)-\d+$/.exec(name.slice(at + MARK.length + host.length + 1))?.[1];
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
