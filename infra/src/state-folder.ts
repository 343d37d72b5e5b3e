import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';

/** Unix socket paths have at most 107 bytes; this leaves room for `.s.PGSQL.5432` and its lock file. */
const MAX_SOCKET_FOLDER_BYTES = 80;

export interface StateFolder {
  /** `.larder/<name>` of a project: everything one stack keeps. */
  readonly path: string;
  /** Folder that only the owner may enter; short enough for sockets, so possibly below the system's temp folder. */
  readonly socketFolder: string;
}

/** Makes the folders of one stack; the same arguments always give the same paths. */
export function openStateFolder(projectRoot: string, name: string): StateFolder {
  const path = resolve(projectRoot, '.larder', name);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const inside = join(path, 'run');
  const socketFolder = Buffer.byteLength(inside) <= MAX_SOCKET_FOLDER_BYTES ? inside : shortFolder(path);
  mkdirSync(socketFolder, { recursive: true, mode: 0o700 });
  return { path, socketFolder };
}

/** A short replacement for a long path. The user id is part of the name, so that another user's folder with the same hash cannot conflict. */
export function shortFolder(path: string): string {
  const hash = createHash('sha256').update(path).digest('hex').slice(0, 12);
  return join(tmpdir(), `larder-${userInfo().uid}-${hash}`);
}

export function removeStateFolder(folder: StateFolder): void {
  rmSync(folder.socketFolder, { recursive: true, force: true });
  rmSync(folder.path, { recursive: true, force: true });
}

/** Names below `.larder` such as `test-4711` whose process ended without cleaning up. */
export function abandonedStateFolders(projectRoot: string, prefix: string): string[] {
  const base = resolve(projectRoot, '.larder');
  mkdirSync(base, { recursive: true });
  return readdirSync(base).filter(
    (name) => name.startsWith(`${prefix}-`) && !isRunning(Number(name.slice(prefix.length + 1))),
  );
}

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
