import type { z } from 'zod';
import { LarderError, type ErrorDetail } from '../errors.ts';
import { readSecretFiles } from './secret-files.ts';
import { CONNECTION_SETTING, SETTINGS, type Setting, type SettingName } from './settings.ts';

/** Variables of a process, like `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Addresses of source databases by connection name. */
type Connections = Readonly<Record<string, string>>;

type Value<Name extends SettingName> = Name extends typeof CONNECTION_SETTING
  ? Connections
  : z.output<(typeof SETTINGS)[Name]['schema']>;
type OrNull<Name extends SettingName> = Name extends typeof CONNECTION_SETTING
  ? never
  : (typeof SETTINGS)[Name] extends { readonly default: null }
    ? null
    : never;

/** Settings with their defaults; null where an optional one is not set. */
export type Settings<Name extends SettingName> = { readonly [Each in Name]: Value<Each> | OrNull<Each> };

/** Every setting in the environment; null where it is not set. */
export type GivenSettings = { readonly [Name in SettingName]: Value<Name> | null };

const NAMES = Object.keys(SETTINGS) as SettingName[];
const CONNECTION = /^LARDER_CONNECTION_([A-Z][A-Z0-9_]*)_URL$/;

/**
 * Reads the settings of a service, with defaults. Settings of other processes may also be set; they are not checked.
 * @throws CONFIGURATION_INVALID that lists every problem, one line each
 */
export function readSettings<Name extends SettingName>(
  given: Environment,
  names: readonly Name[],
): Settings<Name> {
  const { env, problems: unread } = readSecretFiles(given);
  const problems = [...unread, ...unknownSettings(env)];
  const settings: Record<string, unknown> = {};
  for (const name of names) {
    const setting: Setting = SETTINGS[name];
    settings[name] = valueOf(env, name, problems) ?? setting.default ?? null;
    if (setting.default === undefined && env[name] === undefined && given[`${name}_FILE`] === undefined)
      problems.push({ pointer: `/${name}`, detail: 'is missing' });
  }
  if (problems.length === 0) return settings as Settings<Name>;
  const lines = problems.map(({ pointer, detail }) => `\n  ${pointer.slice(1)} ${detail}`);
  throw new LarderError('CONFIGURATION_INVALID', `The configuration is wrong:${lines.join('')}`, {
    errors: problems,
  });
}

/** Every setting that is set, and the problems of any of them: pointers are their names. */
export function givenSettings(given: Environment): {
  settings: GivenSettings;
  problems: readonly ErrorDetail[];
} {
  const { env, problems: unread } = readSecretFiles(given);
  const problems = [...unread, ...unknownSettings(env)];
  const settings = Object.fromEntries(NAMES.map((name) => [name, valueOf(env, name, problems)]));
  return { settings: settings as GivenSettings, problems };
}

/** Connection names and addresses among variables. */
export function connectionsOf(env: Environment): Connections {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, url]) => {
      const connection = CONNECTION.exec(name)?.[1]?.toLowerCase();
      return connection === undefined || url === undefined ? [] : [[connection, url]];
    }),
  );
}

function unknownSettings(env: Environment): ErrorDetail[] {
  const known = `${NAMES.slice(0, -1).join(', ')} and ${NAMES.at(-1)}`;
  return Object.keys(env)
    .filter((name) => name.startsWith('LARDER_') && !(name in SETTINGS) && !CONNECTION.test(name))
    .map((name) => ({ pointer: `/${name}`, detail: `is not a setting; known are ${known}` }));
}

/** Null when it is not set, or invalid. */
function valueOf(env: Environment, name: SettingName, problems: ErrorDetail[]): unknown {
  const check = (variable: string): unknown => {
    const { data, error } = SETTINGS[name].schema.safeParse(env[variable]);
    for (const { message } of error?.issues ?? [])
      problems.push({ pointer: `/${variable}`, detail: message });
    return data ?? null;
  };
  if (name !== CONNECTION_SETTING) return env[name] === undefined ? null : check(name);
  for (const variable of Object.keys(env)) if (CONNECTION.test(variable)) check(variable);
  return connectionsOf(env);
}
