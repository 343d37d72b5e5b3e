import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { postgresAddressProblem, redisAddressProblem, wholeNumberProblem, type LogLevel } from '@larder/core';
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

const environment = z.object({
  LARDER_PROJECT: z.string().min(1).default('./larder.config.ts'),
  LARDER_DATABASE_URL: postgresUrl,
  LARDER_REDIS_URL: redisUrl,
  LARDER_QUEUE_REDIS_URL: redisUrl.optional(),
  LARDER_LOG_LEVEL: z.enum(LOG_LEVELS).default('info'),
  LARDER_WORKER_SLOTS: wholeNumber(1, 256).optional(),
  LARDER_WORKER_METRICS_PORT: wholeNumber(0, 65_535).optional(),
  LARDER_HOST: z.string().min(1).default('127.0.0.1'),
  // read by the other processes of the same environment
  LARDER_PORT: z.string().optional(),
  LARDER_ALLOWED_HOSTS: z.string().optional(),
  LARDER_MAX_CONNECTIONS: z.string().optional(),
  LARDER_BUFFER_BYTES: z.string().optional(),
  LARDER_PREDICTION_LOG: z.string().optional(),
  LARDER_PREDICTION_LOG_RECORDS: z.string().optional(),
  LARDER_PREDICTION_LOG_BYTES: z.string().optional(),
});

const CONNECTION = /^LARDER_CONNECTION_([A-Z][A-Z0-9_]*)_URL$/;

export interface Config {
  /** Absolute path of larder.config.ts. */
  readonly projectPath: string;
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly queueRedisUrl: string;
  readonly logLevel: LogLevel;
  /** Compute threads. */
  readonly slots: number;
  readonly host: string;
  /** Where metrics and health are served; 0: any free port; null: nowhere. */
  readonly metricsPort: number | null;
  /** Addresses of source databases by connection name. */
  readonly connections: Readonly<Record<string, string>>;
}

/** The process's configuration. @throws Error that lists every problem, one line each */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([name]) => name.startsWith('LARDER_')));
  const known = Object.keys(environment.shape);
  const unknown = Object.keys(given).filter((name) => !known.includes(name) && !CONNECTION.test(name));
  const connections = Object.entries(given).flatMap(([name, value]) => {
    const connection = CONNECTION.exec(name)?.[1];
    return connection === undefined ? [] : [{ name, connection: connection.toLowerCase(), value }];
  });
  const parsed = environment.safeParse(given);
  const problems = [
    ...unknown.map(
      (name) => `${name} is not a setting; known are ${known.join(', ')} and LARDER_CONNECTION_<NAME>_URL`,
    ),
    ...(parsed.error?.issues ?? []).map((issue) => {
      const name = String(issue.path[0]);
      return `${name} ${given[name] === undefined ? 'is missing' : issue.message}`;
    }),
    ...connections.flatMap(({ name, value }) =>
      (postgresUrl.safeParse(value).error?.issues ?? []).map((issue) => `${name} ${issue.message}`),
    ),
  ];
  if (!parsed.success || problems.length > 0)
    throw new Error(`The configuration is wrong:\n  ${problems.join('\n  ')}`);
  const { data } = parsed;
  return Object.freeze({
    projectPath: resolve(data.LARDER_PROJECT),
    databaseUrl: data.LARDER_DATABASE_URL,
    redisUrl: data.LARDER_REDIS_URL,
    queueRedisUrl: data.LARDER_QUEUE_REDIS_URL ?? data.LARDER_REDIS_URL,
    logLevel: data.LARDER_LOG_LEVEL,
    slots: data.LARDER_WORKER_SLOTS ?? availableParallelism(),
    host: data.LARDER_HOST,
    metricsPort: data.LARDER_WORKER_METRICS_PORT ?? null,
    connections: Object.fromEntries(connections.map(({ connection, value }) => [connection, value ?? ''])),
  });
}
