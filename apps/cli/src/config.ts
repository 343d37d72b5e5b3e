import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  LarderError,
  postgresAddressProblem,
  redisAddressProblem,
  wholeNumberProblem,
  type ErrorDetail,
  type LogLevel,
} from '@larder/core';
import { findStack, type StackFile } from '@larder/infra/stack-file';
import { z } from 'zod';

const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const satisfies readonly LogLevel[];

/** Refused with what is wrong with it, which repeats none of it. */
const checked = (problemOf: (text: string) => string | null) =>
  z.string().refine((text) => problemOf(text) === null, {
    error: ({ input }) => problemOf(String(input)) ?? undefined,
  });
const postgresUrl = checked(postgresAddressProblem);
const redisUrl = checked(redisAddressProblem);
const wholeNumber = (from: number, to?: number) =>
  checked((text) => wholeNumberProblem(text, from, to)).transform(Number);

/** Every setting of the command line and of the processes that `up` starts. */
export const environment = z.object({
  LARDER_PROJECT: z.string().min(1).optional(),
  LARDER_DATABASE_URL: postgresUrl.optional(),
  LARDER_REDIS_URL: redisUrl.optional(),
  LARDER_QUEUE_REDIS_URL: redisUrl.optional(),
  LARDER_HOST: z.string().min(1).optional(),
  LARDER_PORT: wholeNumber(1, 65_535).optional(),
  LARDER_ALLOWED_HOSTS: z.string().optional(),
  LARDER_MAX_CONNECTIONS: wholeNumber(16, 100_000).optional(),
  LARDER_BUFFER_BYTES: wholeNumber(16 * 2 ** 20).optional(),
  LARDER_LOG_LEVEL: z.enum(LOG_LEVELS).optional(),
  LARDER_WORKER_SLOTS: wholeNumber(1, 256).optional(),
  LARDER_WORKER_METRICS_PORT: wholeNumber(0, 65_535).optional(),
  LARDER_PREDICTION_LOG: z.enum(['buffered', 'durable']).optional(),
  LARDER_PREDICTION_LOG_RECORDS: wholeNumber(1, 10_000_000).optional(),
  LARDER_PREDICTION_LOG_BYTES: wholeNumber(1).optional(),
});

const CONNECTION = /^LARDER_CONNECTION_([A-Z][A-Z0-9_]*)_URL$/;

export interface Config {
  /** Absolute path of larder.config.ts; it may not exist. */
  readonly projectPath: string;
  readonly databaseUrl: string | null;
  readonly redisUrl: string | null;
  readonly queueRedisUrl: string | null;
  readonly host: string | null;
  readonly port: number | null;
  /** Addresses of source databases by connection name. */
  readonly connections: Readonly<Record<string, string>>;
  /** The running stack whose addresses stand in for what was not configured. */
  readonly stack: StackFile | null;
}

export interface Flags {
  readonly project?: string | undefined;
  readonly databaseUrl?: string | undefined;
  readonly redisUrl?: string | undefined;
}

/** Flags before environment before the stack that runs here. @throws CONFIGURATION_INVALID with every problem */
export function readConfig(flags: Flags, env: NodeJS.ProcessEnv = process.env): Config {
  const given = Object.fromEntries(
    Object.entries({
      ...env,
      ...(flags.project !== undefined && { LARDER_PROJECT: flags.project }),
      ...(flags.databaseUrl !== undefined && { LARDER_DATABASE_URL: flags.databaseUrl }),
      ...(flags.redisUrl !== undefined && { LARDER_REDIS_URL: flags.redisUrl }),
    }).filter(([name]) => name.startsWith('LARDER_')),
  );
  const known = Object.keys(environment.shape);
  const own = Object.entries(given).flatMap(([name, value]) => {
    const connection = CONNECTION.exec(name)?.[1]?.toLowerCase();
    return connection === undefined ? [] : [{ name, connection, value: value ?? '' }];
  });
  const parsed = environment.safeParse(given);
  const problems: ErrorDetail[] = [
    ...Object.keys(given)
      .filter((name) => !known.includes(name) && !CONNECTION.test(name))
      .map((name) => ({
        pointer: `/${name}`,
        detail: `is not a setting; known are ${known.join(', ')} and LARDER_CONNECTION_<NAME>_URL`,
      })),
    ...(parsed.error?.issues ?? []).map(({ path, message }) => ({
      pointer: `/${String(path[0])}`,
      detail: message,
    })),
    ...own.flatMap(({ name, value }) =>
      (postgresUrl.safeParse(value).error?.issues ?? []).map(({ message }) => ({
        pointer: `/${name}`,
        detail: message,
      })),
    ),
  ];
  if (!parsed.success || problems.length > 0) throw invalid(problems, flags);
  const { data } = parsed;
  const { projectPath, stack } = findProject(data.LARDER_PROJECT);
  const addresses = stack?.addresses ?? null;
  const redis = data.LARDER_REDIS_URL ?? addresses?.redisUrl ?? null;
  return Object.freeze({
    projectPath,
    databaseUrl: data.LARDER_DATABASE_URL ?? addresses?.databaseUrl ?? null,
    redisUrl: redis,
    queueRedisUrl:
      data.LARDER_QUEUE_REDIS_URL ??
      (data.LARDER_REDIS_URL === undefined ? (addresses?.queueRedisUrl ?? null) : redis),
    host: data.LARDER_HOST ?? null,
    port: data.LARDER_PORT ?? null,
    connections: {
      ...connectionsOf(addresses?.env ?? {}),
      ...Object.fromEntries(own.map(({ connection, value }) => [connection, value])),
    },
    stack,
  });
}

/** Without a path: the configuration in this folder, else the project of the stack that runs here or further up. */
function findProject(path: string | undefined): {
  readonly projectPath: string;
  readonly stack: StackFile | null;
} {
  const here = resolve(path ?? './larder.config.ts');
  if (path !== undefined || existsSync(here))
    return { projectPath: here, stack: findStack(process.cwd(), here) };
  const stack = findStack(process.cwd(), null);
  return { projectPath: stack?.project ?? here, stack };
}

function connectionsOf(env: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => {
      const connection = CONNECTION.exec(name)?.[1]?.toLowerCase();
      return connection === undefined ? [] : [[connection, value]];
    }),
  );
}

const FLAG_OF: Readonly<Record<string, readonly [keyof Flags, string]>> = {
  LARDER_PROJECT: ['project', '--project'],
  LARDER_DATABASE_URL: ['databaseUrl', '--database-url'],
  LARDER_REDIS_URL: ['redisUrl', '--redis-url'],
};

function invalid(problems: readonly ErrorDetail[], flags: Flags): LarderError {
  const lines = problems.map(({ pointer, detail }) => {
    const name = pointer.slice(1);
    const flag = FLAG_OF[name];
    return `\n  ${flag !== undefined && flags[flag[0]] !== undefined ? flag[1] : name} ${detail}`;
  });
  return new LarderError(
    'CONFIGURATION_INVALID',
    `${lines.length} ${lines.length === 1 ? 'setting is' : 'settings are'} wrong:${lines.join('')}`,
    {
      errors: problems,
    },
  );
}
