import { LarderError, isLarderError, tlsProblem } from '@larder/core';

/** Connection refused, reset or closed; no server process at the socket. */
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
const DISK_FULL = '53100';
const OUT_OF_MEMORY = '53200';
/** SQLSTATE class 28 (login) and unknown database; node-postgres reports `SASL` when the server requires a password and none is set. */
const LOGIN = /^28/;
const NO_DATABASE = '3D000';
/** Of a server whose pg_hba.conf has `hostssl` lines for this login alone. */
const NO_ENCRYPTION = /no encryption$/;
const NO_PASSWORD = /^SASL:/;
/** Unknown schema, table or column: our statements use only those that the migrations create. */
const NOT_MIGRATED = new Set(['3F000', '42P01', '42703']);
const MESSAGES =
  /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error/;

/** Translates the error of a failed statement for the caller: PostgreSQL is unavailable, not migrated, or the error is returned unchanged. */
export function toDatabaseError(error: unknown): unknown {
  if (isLarderError(error) || !(error instanceof Error)) return error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (NOT_MIGRATED.has(code))
    return new LarderError(
      'DATABASE_NOT_MIGRATED',
      'The database does not have the tables of this version of Larder. Run: larder migrate',
      { cause: error },
    );
  const tls = tlsProblem(error);
  if (tls !== null)
    return new LarderError('DATABASE_UNAVAILABLE', `PostgreSQL cannot be used: ${tls}.`, {
      cause: error,
      retryAfterSeconds: 2,
    });
  if (LOGIN.test(code) && NO_ENCRYPTION.test(error.message))
    return new LarderError(
      'DATABASE_UNAVAILABLE',
      'PostgreSQL refuses this login without TLS. Add sslmode=verify-full to LARDER_DATABASE_URL, and its CA with sslrootcert=/path/ca.pem.',
      { cause: error },
    );
  if (code === NO_DATABASE || LOGIN.test(code) || NO_PASSWORD.test(error.message))
    return new LarderError('DATABASE_UNAVAILABLE', refusedText(code), { cause: error });
  const full = fullText(code, error.message);
  if (full !== null)
    return new LarderError('DATABASE_UNAVAILABLE', full, { cause: error, retryAfterSeconds: 30 });
  if (!SOCKET_CODES.has(code) && !STATES.test(code) && !MESSAGES.test(error.message)) return error;
  return new LarderError(
    'DATABASE_UNAVAILABLE',
    'PostgreSQL does not answer; predictions continue without it. Check that it runs, and check LARDER_DATABASE_URL.',
    {
      cause: error,
      retryAfterSeconds: 2,
    },
  );
}

/** True when PostgreSQL is unavailable or not migrated: the statement did not complete. */
export function isDatabaseError(error: unknown): boolean {
  return (
    isLarderError(error) && (error.code === 'DATABASE_UNAVAILABLE' || error.code === 'DATABASE_NOT_MIGRATED')
  );
}

/** What PostgreSQL lacks to carry out a statement; null: something else is wrong. */
function fullText(code: string, message: string): string | null {
  if (code === DISK_FULL)
    return 'PostgreSQL has no space left on its disk and refuses writes; predictions continue without it. Give it more space.';
  if (code !== OUT_OF_MEMORY) return null;
  return message.includes('shared memory')
    ? 'PostgreSQL has no room for the locks of this transaction. Raise max_locks_per_transaction (alter system set max_locks_per_transaction = 512) and restart PostgreSQL, or apply fewer new views at once.'
    : 'PostgreSQL is out of memory.';
}

/** Omits PostgreSQL's own message, which names user and database: callers of the HTTP API see this text too. */
function refusedText(code: string): string {
  return code === NO_DATABASE
    ? 'PostgreSQL answers, but the database named in LARDER_DATABASE_URL does not exist. Create it (createdb NAME), or correct the name at the end of the URL.'
    : 'PostgreSQL refuses the user or the password in LARDER_DATABASE_URL. Correct them in the URL; percent-encode special characters in the password.';
}
