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
/** SQLSTATE class 08 (connection), 57P (shutdown, starting up), 57014 (statement timeout), 53300 (too many connections). */
const STATES = /^(08|57P|57014|53300)/;
/** SQLSTATE class 28 (login) and no such database; node-postgres says `SASL` where a password is asked for and none is given. */
const LOGIN = /^28/;
const NO_DATABASE = '3D000';
const NO_PASSWORD = /^SASL:/;
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
  if (code === NO_DATABASE || LOGIN.test(code) || NO_PASSWORD.test(error.message))
    return new LarderError('DATABASE_UNAVAILABLE', refusedText(code), { cause: error });
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

/** PostgreSQL is away or not migrated: what was under way in it did not end as it should. */
export function isDatabaseError(error: unknown): boolean {
  return (
    isLarderError(error) && (error.code === 'DATABASE_UNAVAILABLE' || error.code === 'DATABASE_NOT_MIGRATED')
  );
}

/** Without PostgreSQL's own sentence, which names user and database: this goes to callers of the HTTP API too. */
function refusedText(code: string): string {
  return code === NO_DATABASE
    ? 'PostgreSQL answers, but has no database of the name in LARDER_DATABASE_URL. Create it (createdb NAME), or correct the name at the end of the address.'
    : 'PostgreSQL refuses the user or the password in LARDER_DATABASE_URL. Correct both in the address; special characters of a password are percent-encoded there.';
}
