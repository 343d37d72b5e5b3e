import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { isLoopbackAddress, LarderError, shellWord, type ErrorDetail } from '@larder/core';
import {
  artifactPlaces,
  connectionsOf,
  CONNECTION_SETTING,
  givenSettings,
  handDown,
  SETTINGS,
  type ArtifactPlaces,
  type AuthMode,
} from '@larder/core/config';
import { findStack, type StackFile } from '@larder/infra/stack-file';
import { loadEnvFile, type EnvFile } from './env-file.ts';

export interface Config {
  /** Absolute path of larder.config.ts; it may not exist. */
  readonly projectPath: string;
  /** Null: the name that larder.config.ts gives. */
  readonly projectName: string | null;
  /** The service that verbs ask; null: they work on the stores. */
  readonly service: ServiceAddress | null;
  readonly databaseUrl: string | null;
  /** Under the login that owns the control tables; null: `databaseUrl` is it. */
  readonly ownerDatabaseUrl: string | null;
  readonly redisUrl: string | null;
  readonly queueRedisUrl: string | null;
  readonly artifacts: ArtifactPlaces;
  /** Where receipts of erasures are kept apart from PostgreSQL; null: nowhere. */
  readonly receiptsUrl: string | null;
  /** Absolute. */
  readonly archiveDir: string;
  readonly host: string | null;
  readonly auth: AuthMode;
  readonly port: number | null;
  /** Of a worker. */
  readonly metricsPort: number | null;
  /** How long workers keep the prediction log, if they have the same settings. */
  readonly predictionLogMs: number | 'forever';
  /** How long workers keep the audit, if they have the same settings. */
  readonly auditMs: number | 'forever';
  /** Addresses of source databases by connection name. */
  readonly connections: Readonly<Record<string, string>>;
  /** The running stack whose addresses replace settings that are not configured. */
  readonly stack: StackFile | null;
  /** Null: there is none beside larder.config.ts. */
  readonly envFile: EnvFile | null;
}

/** Where a service is, and how to ask it. */
export interface ServiceAddress {
  /** Without a slash at its end. */
  readonly url: string;
  readonly apiKey: string | null;
}

export interface Flags {
  readonly url?: string | undefined;
  readonly project?: string | undefined;
  readonly projectName?: string | undefined;
  readonly databaseUrl?: string | undefined;
  readonly redisUrl?: string | undefined;
}

/**
 * Reads flags, then the environment, then the `.env` beside the project, then the stack that runs here. The variables of
 * the `.env` become part of `env`, so that the definitions and the apps see them too.
 * @throws CONFIGURATION_INVALID with every problem
 */
export function readConfig(flags: Flags, env: NodeJS.ProcessEnv = process.env): Config {
  const { projectPath, stack } = findProject(flags.project ?? (env['LARDER_PROJECT'] || null));
  const envFile = loadEnvFile(projectPath, env);
  // A flag comes before the setting, wherever that is from.
  const flagged = {
    ...(flags.project !== undefined && { LARDER_PROJECT: flags.project }),
    ...(flags.url !== undefined && { LARDER_URL: flags.url }),
    ...(flags.databaseUrl !== undefined && { LARDER_DATABASE_URL: flags.databaseUrl }),
    ...(flags.redisUrl !== undefined && { LARDER_REDIS_URL: flags.redisUrl }),
  };
  const { settings, problems } = givenSettings(handDown(env, flagged));
  if (problems.length > 0) throw invalid(problems, flags, envFile);
  const service = serviceOf(settings, flags);
  // Who names a service does not mean the stack that happens to run in this folder.
  const addresses = service === null ? (stack?.addresses ?? null) : null;
  const redis = settings.LARDER_REDIS_URL ?? addresses?.redisUrl ?? null;
  return Object.freeze({
    projectPath,
    projectName: flags.projectName ?? null,
    service,
    databaseUrl: settings.LARDER_DATABASE_URL ?? addresses?.databaseUrl ?? null,
    ownerDatabaseUrl: settings.LARDER_OWNER_DATABASE_URL,
    redisUrl: redis,
    queueRedisUrl:
      settings.LARDER_QUEUE_REDIS_URL ??
      (settings.LARDER_REDIS_URL === null ? (addresses?.queueRedisUrl ?? null) : redis),
    artifacts: artifactPlaces(settings, projectPath),
    receiptsUrl: settings.LARDER_RECEIPTS_URL,
    archiveDir: resolve(settings.LARDER_ARCHIVE_DIR ?? join(dirname(projectPath), '.larder', 'archive')),
    host: settings.LARDER_HOST,
    auth: settings.LARDER_AUTH ?? 'off',
    port: settings.LARDER_PORT,
    metricsPort: settings.LARDER_WORKER_METRICS_PORT,
    predictionLogMs:
      settings.LARDER_PREDICTION_LOG_RETENTION ?? SETTINGS.LARDER_PREDICTION_LOG_RETENTION.default,
    auditMs: settings.LARDER_AUDIT_RETENTION ?? 'forever',
    connections: { ...connectionsOf(addresses?.env ?? {}), ...settings[CONNECTION_SETTING] },
    stack,
    envFile,
  });
}

/** Stores that are named by flags come before the service of the environment. @throws CONFIGURATION_INVALID */
function serviceOf(
  settings: ReturnType<typeof givenSettings>['settings'],
  flags: Flags,
): ServiceAddress | null {
  const { LARDER_URL: address, LARDER_API_KEY: apiKey } = settings;
  const storeFlag =
    flags.databaseUrl !== undefined
      ? '--database-url'
      : flags.redisUrl !== undefined
        ? '--redis-url'
        : undefined;
  if (flags.url !== undefined && storeFlag !== undefined)
    throw new LarderError(
      'CONFIGURATION_INVALID',
      `--url and ${storeFlag} exclude each other: a verb asks a service, or works on the stores.`,
    );
  if (address === null || storeFlag !== undefined) return null;
  const { protocol } = new URL(address);
  if (
    apiKey !== null &&
    protocol === 'http:' &&
    !isLoopbackAddress(address) &&
    settings.LARDER_ALLOW_HTTP !== 'on'
  )
    throw new LarderError(
      'CONFIGURATION_INVALID',
      'LARDER_URL begins with http://, so that everybody on the way could read the API key. Use https://; in a network that you trust, set LARDER_ALLOW_HTTP=on.',
      { errors: [{ pointer: '/LARDER_URL', detail: 'must begin with https://' }] },
    );
  return { url: address.replace(/\/+$/, ''), apiKey };
}

/** Without a path: the configuration in this folder, otherwise the project of the stack that runs here or in a parent folder. */
function findProject(path: string | null): {
  readonly projectPath: string;
  readonly stack: StackFile | null;
} {
  const here = resolve(path ?? './larder.config.ts');
  if (path !== null || existsSync(here)) return { projectPath: here, stack: findStack(process.cwd(), here) };
  const stack = findStack(process.cwd(), null);
  return { projectPath: stack?.project ?? here, stack };
}

const FLAG_OF: Readonly<Record<string, readonly [keyof Flags, string]>> = {
  LARDER_URL: ['url', '--url'],
  LARDER_PROJECT: ['project', '--project'],
  LARDER_DATABASE_URL: ['databaseUrl', '--database-url'],
  LARDER_REDIS_URL: ['redisUrl', '--redis-url'],
};

function invalid(problems: readonly ErrorDetail[], flags: Flags, envFile: EnvFile | null): LarderError {
  const lines = problems.map(({ pointer, detail }) => {
    const name = pointer.slice(1);
    const flag = FLAG_OF[name];
    if (flag !== undefined && flags[flag[0]] !== undefined) return `\n  ${flag[1]} ${detail}`;
    const where = envFile?.names.includes(name) === true ? ` (in ${shellWord(envFile.path)})` : '';
    return `\n  ${name}${where} ${detail}`;
  });
  return new LarderError(
    'CONFIGURATION_INVALID',
    `${lines.length} ${lines.length === 1 ? 'setting is' : 'settings are'} wrong:${lines.join('')}`,
    {
      errors: problems,
    },
  );
}
