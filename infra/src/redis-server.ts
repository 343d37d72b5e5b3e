import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { unpackDebianPackages } from './debian-packages.ts';
import { findProgram } from './owned-process.ts';

export interface RedisServer {
  readonly path: string;
  /** Environment with the library path of an unpacked server. */
  readonly env: NodeJS.ProcessEnv;
}

const NAMES = ['redis-server', 'valkey-server'] as const;

/**
 * Finds a Redis or Valkey server: on the PATH; otherwise the distribution's package unpacked into `toolsFolder` (needs
 * no root, starts no service); otherwise installed by the system's package manager if it asks no questions.
 * @throws Error with the exact command to run.
 */
export async function redisServer(
  toolsFolder: string,
  onProgress: (message: string) => void = () => {},
): Promise<RedisServer> {
  const found = onPath() ?? unpacked(toolsFolder);
  if (found) return found;
  onProgress('No redis-server on the PATH: unpacking the distribution’s package into .larder …');
  if (findProgram('apt-get') && findProgram('dpkg-deb')) {
    unpackDebianPackages({ folder: toolsFolder, name: 'redis', packages: ['redis-server'] });
    const fresh = unpacked(toolsFolder);
    if (fresh) return fresh;
  }
  onProgress('Unpacking failed: trying the system’s package manager …');
  for (const command of unattendedInstalls())
    spawnSync(command[0] as string, command.slice(1), { stdio: 'ignore', timeout: 180_000 });
  const installed = onPath();
  if (installed) return installed;
  throw new Error(
    `Larder needs redis-server or valkey-server 7 or newer and found none. Run: ${advice()}  and then the same command again.`,
  );
}

function onPath(): RedisServer | null {
  for (const name of NAMES) {
    const path = findProgram(name);
    if (path && runs(path, process.env)) return { path, env: process.env };
  }
  return null;
}

function unpacked(toolsFolder: string): RedisServer | null {
  const base = join(toolsFolder, 'redis');
  const path = join(base, 'usr/bin/redis-server');
  if (!existsSync(path)) return null;
  const lib = join(base, 'usr/lib');
  const folders = existsSync(lib)
    ? readdirSync(lib, { withFileTypes: true }).filter((entry) => entry.isDirectory())
    : [];
  const libraries = [
    lib,
    ...folders.map((entry) => join(lib, entry.name)),
    process.env.LD_LIBRARY_PATH ?? '',
  ];
  const env = { ...process.env, LD_LIBRARY_PATH: libraries.filter(Boolean).join(':') };
  return runs(path, env) ? { path, env } : null;
}

function runs(path: string, env: NodeJS.ProcessEnv): boolean {
  const answer = spawnSync(path, ['--version'], { env, encoding: 'utf8', timeout: 10_000 });
  const major = /v=(\d+)\./.exec(answer.stdout ?? '')?.[1];
  return answer.status === 0 && Number(major) >= 7;
}

/** Commands that either succeed or fail, but never wait for an answer. */
function unattendedInstalls(): string[][] {
  const sudo =
    process.getuid?.() === 0 ? [] : spawnSync('sudo', ['-n', 'true']).status === 0 ? ['sudo', '-n'] : null;
  const commands: string[][] = [];
  if (findProgram('brew')) commands.push(['brew', 'install', 'redis']);
  if (sudo === null) return commands;
  if (findProgram('apt-get'))
    commands.push([
      ...sudo,
      'env',
      'DEBIAN_FRONTEND=noninteractive',
      'apt-get',
      'install',
      '-y',
      '--no-install-recommends',
      'redis-server',
    ]);
  if (findProgram('dnf'))
    commands.push([...sudo, 'dnf', 'install', '-y', 'valkey'], [...sudo, 'dnf', 'install', '-y', 'redis']);
  if (findProgram('apk')) commands.push([...sudo, 'apk', 'add', '--no-interactive', 'valkey']);
  if (findProgram('pacman')) commands.push([...sudo, 'pacman', '-S', '--noconfirm', 'valkey']);
  return commands;
}

function advice(): string {
  if (findProgram('brew')) return 'brew install redis';
  if (findProgram('apt-get')) return 'sudo apt-get update && sudo apt-get install -y redis-server';
  if (findProgram('dnf')) return 'sudo dnf install -y valkey';
  if (findProgram('apk')) return 'sudo apk add valkey';
  if (findProgram('pacman')) return 'sudo pacman -S valkey';
  return 'the install command of your system for redis or valkey,';
}

/** Folder of a project's unpacked tools, beside its stacks. */
export function toolsFolderOf(stackPath: string): string {
  const folder = resolve(stackPath, '..', 'tools');
  mkdirSync(folder, { recursive: true });
  return folder;
}
