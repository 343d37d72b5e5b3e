import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { shellWord } from '@larder/core';
import { commandLine } from '../owned-process.ts';
import { isRunning } from '../state-folder.ts';

/** Content of `.larder/stack.json`, by which tools of the same project find a running stack. */
export interface StackFile {
  /** The process that owns the stack: the file is valid while it runs. */
  readonly pid: number;
  /** Command line of that process, to distinguish it from a later one with the same id. */
  readonly script: string;
  /** Absolute path of larder.config.ts. */
  readonly project: string;
  readonly startedAt: string;
  /** Folder of the logs. */
  readonly logs: string;
  /** Null while the stack is starting. */
  readonly addresses: StackAddresses | null;
  /** Process ids of the apps by name, to end what a crash left behind. */
  readonly apps: Readonly<Record<string, number>>;
}

export interface StackAddresses {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly queueRedisUrl: string;
  readonly inferenceUrl: string;
  /** Additional settings of the apps: addresses of source connections. */
  readonly env: Readonly<Record<string, string>>;
}

export function stackFilePath(root: string): string {
  return resolve(root, '.larder', 'stack.json');
}

/** The stack file below a folder, whether its stack runs or not; null without one. */
export function readStackFile(root: string): StackFile | null {
  try {
    return JSON.parse(readFileSync(stackFilePath(root), 'utf8')) as StackFile;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || error instanceof SyntaxError) return null;
    throw error;
  }
}

/** The stack file below a folder; null also when the process that wrote it is gone. */
export function runningStack(root: string): StackFile | null {
  const file = readStackFile(root);
  return file !== null && ownerRuns(file) ? file : null;
}

/** The running stack of a project, searched for beside its configuration, then from `from` upwards. */
export function findStack(from: string, project: string | null): StackFile | null {
  const roots = project === null ? [] : [dirname(project)];
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    roots.push(folder);
    if (folder === dirname(folder)) break;
  }
  for (const root of roots) {
    const file = runningStack(root);
    if (file !== null && (project === null || file.project === project)) return file;
  }
  return null;
}

/** Makes this process the owner. @throws Error when another process is. */
export function claimStackFile(root: string, project: string): void {
  const path = stackFilePath(root);
  mkdirSync(dirname(path), { recursive: true });
  const claimed: StackFile = {
    pid: process.pid,
    script: commandLine(process.pid),
    project,
    startedAt: new Date().toISOString(),
    logs: resolve(root, '.larder', 'stack'),
    addresses: null,
    apps: {},
  };
  const other = runningStack(root);
  if (other === null) rmSync(path, { force: true });
  try {
    writeFileSync(path, JSON.stringify(claimed, null, 2), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const owner = readStackFile(root);
    const where = owner?.addresses ? ` at ${owner.addresses.inferenceUrl}` : '';
    throw new Error(
      `A stack of this folder is already running${where} (pid ${owner?.pid ?? 'unknown'}, ${shellWord(path)}). ` +
        `Use it, or end it first: Ctrl-C where it runs, or kill ${owner?.pid ?? ''}`.trimEnd(),
      { cause: error },
    );
  }
}

/** Rewrites our own file, atomically. */
export function updateStackFile(root: string, change: Partial<StackFile>): void {
  const path = stackFilePath(root);
  const next = { ...readStackFile(root), ...change };
  writeFileSync(`${path}.new`, JSON.stringify(next, null, 2), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

export function removeStackFile(root: string): void {
  if (readStackFile(root)?.pid === process.pid) rmSync(stackFilePath(root), { force: true });
}

/** Ends apps that outlived a killed owner if the kernel did not end them. */
export async function endAbandonedApps(root: string): Promise<void> {
  const file = readStackFile(root);
  if (file === null || ownerRuns(file)) return;
  for (const pid of Object.values(file.apps)) {
    if (!isRunning(pid) || !commandLine(pid).includes(join('apps', ''))) continue;
    process.kill(pid, 'SIGTERM');
    for (let waitedMs = 0; isRunning(pid); waitedMs += 50) {
      if (waitedMs === 10_000) process.kill(pid, 'SIGKILL');
      await new Promise((done) => setTimeout(done, 50));
    }
  }
}

function ownerRuns(file: StackFile): boolean {
  return isRunning(file.pid) && (file.pid === process.pid || commandLine(file.pid).includes(file.script));
}
