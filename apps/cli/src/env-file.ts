import { closeSync, constants, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseEnv } from 'node:util';
import { isLarderError, LarderError, shellWord } from '@larder/core';

/** The `.env` beside larder.config.ts. */
export interface EnvFile {
  readonly path: string;
  /** Variables that it sets: those that the environment already has are left alone. */
  readonly names: readonly string[];
}

/**
 * Adds the variables of the `.env` beside the project to `env`, as Node's own loader does: what the environment has wins.
 * `LARDER_PROJECT` is left out, because the file was found through it.
 * @returns null without a file @throws CONFIGURATION_INVALID when it cannot be read
 */
export function loadEnvFile(projectPath: string, env: NodeJS.ProcessEnv): EnvFile | null {
  const path = join(dirname(projectPath), '.env');
  const text = textOf(path);
  if (text === null) return null;
  const added = Object.entries(parseEnv(text)).filter(
    ([name, value]) => name !== 'LARDER_PROJECT' && value !== undefined && env[name] === undefined,
  );
  Object.assign(env, Object.fromEntries(added));
  return { path, names: added.map(([name]) => name) };
}

/** What a person is told about it: names, never values. */
export function envFileText({ path, names }: EnvFile): string {
  const settings = names.filter((name) => name.startsWith('LARDER_'));
  const others = names.length - settings.length;
  const own = others === 0 ? [] : [`${others} ${others === 1 ? 'variable' : 'variables'} of your own`];
  const what = [settings.join(', '), ...own].filter((part) => part !== '').join(' and ');
  return `${shellWord(path)} sets ${what === '' ? 'nothing that the environment does not have' : what}.`;
}

/** A named pipe without a writer would hold up every verb for good. */
const PIPE_TIMEOUT_MS = 3_000;
const PIPE_POLL_MS = 20;

function textOf(path: string): string | null {
  try {
    return statSync(path).isFIFO() ? textOfPipe(path) : readFileSync(path, 'utf8');
  } catch (error) {
    if (isLarderError(error)) throw error;
    const { code } = error as NodeJS.ErrnoException;
    // A folder of this name is a virtual environment of Python.
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return null;
    throw new LarderError(
      'CONFIGURATION_INVALID',
      `${shellWord(path)} cannot be read (${code}). Make it readable: chmod u+r ${shellWord(path)}`,
      { cause: error },
    );
  }
}

/** Managers of secrets provide a `.env` as a named pipe that they write when it is opened. */
function textOfPipe(path: string): string {
  const pipe = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const endsAtMs = performance.now() + PIPE_TIMEOUT_MS;
  const buffer = Buffer.alloc(65_536);
  const pause = new Int32Array(new SharedArrayBuffer(4));
  const parts: Buffer[] = [];
  try {
    while (performance.now() < endsAtMs) {
      const length = readNow(pipe, buffer);
      if (length === 0 && parts.length > 0) return Buffer.concat(parts).toString();
      if (length > 0) parts.push(Buffer.from(buffer.subarray(0, length)));
      else Atomics.wait(pause, 0, 0, PIPE_POLL_MS);
    }
  } finally {
    closeSync(pipe);
  }
  throw new LarderError(
    'CONFIGURATION_INVALID',
    `${shellWord(path)} is a named pipe, and what writes it has not finished within ${PIPE_TIMEOUT_MS / 1_000} s. Start that, or put a file in its place.`,
  );
}

/** @returns the bytes read; 0: no writer, or the last one is done; -1: a writer that has nothing yet */
function readNow(pipe: number, buffer: Buffer): number {
  try {
    return readSync(pipe, buffer);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return -1;
    throw error;
  }
}
