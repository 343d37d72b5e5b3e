import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { test as base, vi } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

export interface OwnProject {
  readonly folder: string;
  /** Runs a program in the project as a user would; fails with its output. @returns stdout */
  run(command: string, ...args: readonly string[]): string;
  larder(...args: readonly string[]): string;
  /** Starts `larder dev` and waits until it is ready. */
  dev(): Promise<void>;
  /** Changes the definitions and waits until `larder dev` has applied them. @returns its output */
  applied(change: () => void | Promise<void>): Promise<string>;
  /** Copies a file of `own-project/` to the same place. */
  put(file: string): void;
}

/** `test` with an empty folder outside of the repository, Node 20 on the PATH, and the packed package as a tarball. */
export const test = base
  .extend('oldNode', { scope: 'file' }, async ({}, { onCleanup }) => {
    const folder = mkdtempSync(join(tmpdir(), 'larder-node-'));
    onCleanup(() => rmSync(folder, { recursive: true, force: true }));
    call(folder, 'npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', nodeFromNpm(20)]);
    return join(folder, 'node_modules/.bin');
  })
  .extend('tarball', { scope: 'file' }, async ({}, { onCleanup }) => {
    const out = mkdtempSync(join(tmpdir(), 'larder-packed-'));
    onCleanup(() => rmSync(out, { recursive: true, force: true }));
    return call(root, process.execPath, [join(root, 'packages/larderjs/build/pack.ts'), out]).trim();
  })
  .extend('project', { scope: 'file' }, async ({ oldNode }, { onCleanup }) => {
    const folder = mkdtempSync(join(tmpdir(), 'larder-own-'));
    let stack: ChildProcess | null = null;
    let said = '';
    const heard = async (words: RegExp, from = 0): Promise<void> => {
      await vi
        .waitUntil(
          () => {
            if (stack?.exitCode !== null) throw new Error(`larder dev ended:\n${said}`);
            return words.test(said.slice(from));
          },
          { timeout: 120_000, interval: 50 },
        )
        .catch((error: unknown) => {
          throw new Error(`larder dev did not say ${words}:\n${said.slice(from)}`, { cause: error });
        });
    };
    onCleanup(async () => {
      if (stack !== null && stack.exitCode === null) {
        stack.kill('SIGTERM');
        await once(stack, 'exit');
      }
      rmSync(folder, { recursive: true, force: true });
    });
    const run = (command: string, ...args: readonly string[]) => call(folder, command, args, oldNode);
    const project: OwnProject = {
      folder,
      run,
      larder: (...args) => run('npx', 'larder', ...args),
      put: (file) =>
        cpSync(join(import.meta.dirname, 'own-project', file), join(folder, file), { recursive: true }),
      async dev() {
        shareRedis(folder);
        // as npx does it, but a signal reaches the process itself
        const child = spawn(
          join(folder, 'node_modules/.bin/node'),
          ['node_modules/larderjs/bin/larder.js', 'dev', '--port', '27570'],
          { cwd: folder, env: strangersEnvironment(oldNode), stdio: ['ignore', 'pipe', 'pipe'] },
        );
        stack = child;
        for (const stream of [child.stdout, child.stderr])
          stream.on('data', (text: Buffer) => (said += String(text)));
        await heard(/Watching the definitions/);
      },
      async applied(change) {
        const from = said.length;
        await change();
        await heard(/ready in \d+ ms/, from);
        return said.slice(from);
      },
    };
    return project;
  });

/** A Redis that the repository unpacked is not unpacked again. */
function shareRedis(folder: string): void {
  const tools = join(root, '.larder/tools/redis');
  if (!existsSync(tools)) return;
  mkdirSync(join(folder, '.larder/tools'), { recursive: true });
  symlinkSync(tools, join(folder, '.larder/tools/redis'));
}

/** How this machine reaches its registry; by default npm would look for its global file beside the repository's Node. */
const KEPT_NPM_SETTINGS =
  /^npm_config_(registry|cache|userconfig|globalconfig|https?_proxy|noproxy|cafile|strict_ssl)$/i;

/** The npm package that is only the binary of this Node. */
export function nodeFromNpm(major: number): string {
  const { platform, arch } = process;
  return `${platform === 'darwin' && arch === 'arm64' ? 'node-bin' : 'node'}-${platform}-${arch}@${major}`;
}

/** An environment with nothing of the repository. @param node folder of its Node, by default the repository's */
function strangersEnvironment(node = resolve(process.execPath, '..')): NodeJS.ProcessEnv {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) =>
        !/^(LARDER_|VITEST|NODE_OPTIONS|NODE_PATH|NODE_ENV|npm_)/.test(name) || KEPT_NPM_SETTINGS.test(name),
    ),
  );
  const path = (env['PATH'] ?? '').split(delimiter).filter((part) => !part.endsWith('node_modules/.bin'));
  return { ...env, PATH: [node, ...path].join(delimiter), NO_COLOR: '1' };
}

function call(cwd: string, command: string, args: readonly string[], node?: string): string {
  const done = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    env: strangersEnvironment(node),
    timeout: 280_000,
  });
  if (done.status !== 0)
    throw new Error(`${command} ${args.join(' ')} ended with ${done.status}:\n${done.stdout}${done.stderr}`);
  return done.stdout;
}
