import { readFileSync, statSync } from 'node:fs';
import type { ErrorDetail } from '../errors.ts';
import { SETTINGS, type Setting, type SettingName } from './settings.ts';

type Variables = Readonly<Record<string, string | undefined>>;

const FILE = /^(LARDER_[A-Z0-9_]+)_FILE$/;
const CONNECTION = /^LARDER_CONNECTION_[A-Z][A-Z0-9_]*_URL$/;
/** A file that is larger was named by mistake. */
const MAX_BYTES = 64 * 1_024;

/** The setting that a `…_FILE` variable gives; null: it is no such variable. */
export function settingOfFile(variable: string): string | null {
  const name = FILE.exec(variable)?.[1];
  if (name === undefined) return null;
  if (CONNECTION.test(name)) return name;
  const setting: Setting | undefined = Object.hasOwn(SETTINGS, name)
    ? SETTINGS[name as SettingName]
    : undefined;
  return setting?.secret === true ? name : null;
}

/**
 * Every secret that a mounted file holds, in place of the variable that names the file. Neither the content of a file nor
 * its path is ever part of a problem: a password may stand where the path belongs.
 */
export function readSecretFiles(env: Variables): {
  readonly env: Variables;
  readonly problems: readonly ErrorDetail[];
} {
  const read: Record<string, string | undefined> = { ...env };
  const problems: ErrorDetail[] = [];
  for (const [variable, path] of Object.entries(env)) {
    const name = settingOfFile(variable);
    if (name === null || path === undefined) continue;
    delete read[variable];
    if (env[name] !== undefined) {
      problems.push({ pointer: `/${variable}`, detail: `and ${name} are both set; unset one of them` });
      continue;
    }
    const content = contentOf(path);
    if ('problem' in content) problems.push({ pointer: `/${variable}`, detail: content.problem });
    else read[name] = content.text;
  }
  return { env: read, problems };
}

/** The environment of a child process: secrets that a file gives stay in the file. */
export function handDown(env: Variables, settings: Variables): Record<string, string | undefined> {
  const child: Record<string, string | undefined> = { ...env };
  for (const [name, value] of Object.entries(settings)) {
    const path = env[`${name}_FILE`];
    const given = path === undefined ? null : contentOf(path);
    if (given !== null && 'text' in given && given.text === value) continue;
    delete child[`${name}_FILE`];
    child[name] = value;
  }
  return child;
}

function contentOf(path: string): { readonly text: string } | { readonly problem: string } {
  try {
    const file = statSync(path);
    // A pipe without a writer would hold the process up.
    if (!file.isFile()) return { problem: 'does not name a file' };
    if (file.size > MAX_BYTES)
      return { problem: 'names a file of more than 64 KiB; it must hold the value alone' };
    const text = readFileSync(path, 'utf8').replace(/[\r\n]+$/, '');
    return text === '' ? { problem: 'names a file that is empty' } : { text };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return { problem: `names a file that cannot be read (${code ?? 'unknown reason'})` };
  }
}
