import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseEnv } from 'node:util';
import { LarderError, shellWord } from '@larder/core';

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

function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
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
