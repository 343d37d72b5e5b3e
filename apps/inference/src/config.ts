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
/** Names and addresses without scheme and port, separated by commas. */
const hostList = z
  .string()
  .transform((text) => text.split(',').map((entry) => entry.trim()))
  .pipe(
    z.array(
      z.string().regex(/^(?:\*|(?:\*\.)?[\w.-]+|\[[\da-f:.]+\])$/i, {
        message:
          'must list hosts such as larder.example.com, *.example.com, 10.1.2.3, [fd00::5] or *, separated by commas, without scheme and port',
      }),
    ),
  );

const environment = z.object({
  LARDER_PROJECT: z.string().min(1).default('./larder.config.ts'),
  LARDER_DATABASE_URL: postgresUrl,
  LARDER_REDIS_URL: redisUrl,
  LARDER_HOST: z.string().min(1).default('127.0.0.1'),
  LARDER_PORT: wholeNumber(0, 65_535).default(6_570),
  LARDER_ALLOWED_HOSTS: hostList.default([]),
  LARDER_MAX_CONNECTIONS: wholeNumber(16, 100_000).default(2_048),
  LARDER_BUFFER_BYTES: wholeNumber(16 * 2 ** 20).default(64 * 2 ** 20),
  LARDER_LOG_LEVEL: z.enum(LOG_LEVELS).default('info'),
  LARDER_PREDICTION_LOG: z.enum(['buffered', 'durable']).default('buffered'),
  LARDER_PREDICTION_LOG_RECORDS: wholeNumber(1, 10_000_000).default(10_000),
  LARDER_PREDICTION_LOG_BYTES: wholeNumber(1).default(64 * 2 ** 20),
  // read by the other processes of the same environment
  LARDER_QUEUE_REDIS_URL: redisUrl.optional(),
  LARDER_WORKER_SLOTS: z.string().optional(),
  LARDER_WORKER_METRICS_PORT: z.string().optional(),
});

const CONNECTION = /^LARDER_CONNECTION_[A-Z][A-Z0-9_]*_URL$/;

export interface Config {
  /** Absolute path of larder.config.ts. */
  readonly projectPath: string;
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly host: string;
  /** Hosts that requests may name, beside this machine's own. */
  readonly allowedHosts: readonly string[];
  /** Open at the same time; also the most requests in flight. */
  readonly maxConnections: number;
  /** Of large request bodies, and again of large answers that nobody has read. */
  readonly bufferBytes: number;
  /** 0: any free port. */
  readonly port: number;
  readonly logLevel: LogLevel;
  readonly predictionLog: {
    /** Predictions are answered once PostgreSQL has committed their log entries. */
    readonly durable: boolean;
    /** What may wait for PostgreSQL. */
    readonly records: number;
    readonly bytes: number;
  };
}

/** The process's configuration. @throws Error that lists every problem, one line each */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([name]) => name.startsWith('LARDER_')));
  const known = Object.keys(environment.shape);
  const unknown = Object.keys(given).filter((name) => !known.includes(name) && !CONNECTION.test(name));
  const parsed = environment.safeParse(given);
  const problems = [
    ...unknown.map(
      (name) => `${name} is not a setting; known are ${known.join(', ')} and LARDER_CONNECTION_<NAME>_URL`,
    ),
    ...(parsed.error?.issues ?? []).map((issue) => {
      const name = String(issue.path[0]);
      return `${name} ${given[name] === undefined ? 'is missing' : issue.message}`;
    }),
  ];
  if (!parsed.success || problems.length > 0)
    throw new Error(`The configuration is wrong:\n  ${problems.join('\n  ')}`);
  const { data } = parsed;
  return Object.freeze({
    projectPath: resolve(data.LARDER_PROJECT),
    databaseUrl: data.LARDER_DATABASE_URL,
    redisUrl: data.LARDER_REDIS_URL,
    host: data.LARDER_HOST,
    allowedHosts: data.LARDER_ALLOWED_HOSTS,
    maxConnections: data.LARDER_MAX_CONNECTIONS,
    bufferBytes: data.LARDER_BUFFER_BYTES,
    port: data.LARDER_PORT,
    logLevel: data.LARDER_LOG_LEVEL,
    predictionLog: {
      durable: data.LARDER_PREDICTION_LOG === 'durable',
      records: data.LARDER_PREDICTION_LOG_RECORDS,
      bytes: data.LARDER_PREDICTION_LOG_BYTES,
    },
  });
}
