import { pino, type Logger as PinoLogger } from 'pino';
import { loggedError } from './logged-error.ts';

export type Logger = PinoLogger;
export type LogLevel = 'silent' | 'error' | 'warn' | 'info' | 'debug';

export interface LoggerOptions {
  readonly level: LogLevel;
}

/** Addresses of stores hold passwords, and headers hold API keys. No line means to have them; these must not pass by mistake. */
const SECRETS = [
  'databaseUrl',
  'ownerDatabaseUrl',
  'redisUrl',
  'queueRedisUrl',
  'connectionString',
  'password',
];
const HEADERS = ['authorization', '["x-api-key"]'];

/** JSON lines on stdout, buffered for at most 200 ms so that callers do not wait; call `flush` before exit. */
export function createLogger(name: string, options: LoggerOptions): Logger {
  return pino(
    {
      name,
      level: options.level,
      base: { app: name },
      serializers: { err: loggedError },
      redact: [
        ...SECRETS.flatMap((secret) => [secret, `*.${secret}`]),
        ...HEADERS.map((header) => `headers${header.startsWith('[') ? header : `.${header}`}`),
      ],
    },
    pino.destination({ dest: 1, sync: false, minLength: 4_096, periodicFlush: 200 }),
  );
}
