import { LarderError, isLarderError } from '@larder/core';

/** Connection refused, reset, gone; no server process at the socket. */
const SOCKET_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
  'EAI_AGAIN',
]);
/** SQLSTATE class 08 (connection), 57P (shutdown, starting up), 53300 (too many connections). */
const STATES = /^(08|57P|53300)/;
/** No such schema, table or column: our statements name none that the migrations do not make. */
const NOT_MIGRATED = new Set(['3F000', '42P01', '42703']);
const MESSAGES =
  /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error/;

/** What a failed statement means to a caller: PostgreSQL away, not migrated, or an error that is passed on as it is. */
export function toDatabaseError(error: unknown): unknown {
  if (isLarderError(error) || !(error instanceof Error)) return error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (NOT_MIGRATED.has(code))
    return new LarderError(
      'DATABASE_NOT_MIGRATED',
      'The database lacks tables of this version of Larder. Run: larder apply (it migrates first).',
      { cause: error },
    );
  if (!SOCKET_CODES.has(code) && !STATES.test(code) && !MESSAGES.test(error.message)) return error;
  return new LarderError(
    'DATABASE_UNAVAILABLE',
    'PostgreSQL does not answer; predictions go on without it. Check that it runs, and LARDER_DATABASE_URL.',
    {
      cause: error,
      retryAfterSeconds: 2,
    },
  );
}

/** Runs something that needs PostgreSQL. @throws DATABASE_UNAVAILABLE, DATABASE_NOT_MIGRATED */
export async function askDatabase<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw toDatabaseError(error);
  }
}
