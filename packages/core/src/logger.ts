import { pino, type Logger as PinoLogger } from 'pino';
import { loggedError } from './logged-error.ts';

export type Logger = PinoLogger;
export type LogLevel = 'silent' | 'error' | 'warn' | 'info' | 'debug';

export interface LoggerOptions {
  readonly level: LogLevel;
}

/** JSON lines on stdout, buffered for at most 200 ms so that callers do not wait; call `flush` before exit. */
export function createLogger(name: string, options: LoggerOptions): Logger {
  return pino(
    { name, level: options.level, base: { app: name }, serializers: { err: loggedError } },
    pino.destination({ dest: 1, sync: false, minLength: 4_096, periodicFlush: 200 }),
  );
}
