import { LarderError } from '@larder/core';
import { toDatabaseError } from './database-errors.ts';

/** Longer than opening a connection or one statement may take. */
const DEADLINE_MS = 5_000;

/**
 * Waits for something that a request needs of PostgreSQL, at most for `deadlineMs`. The work itself is ended by the
 * store's own limits; what it writes may still be committed, so a caller repeats it with an Idempotency-Key.
 * @throws DATABASE_UNAVAILABLE, DATABASE_NOT_MIGRATED
 */
export async function askDatabase<T>(work: Promise<T>, deadlineMs: number = DEADLINE_MS): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(unavailable()), deadlineMs);
  try {
    return await Promise.race([work, late.promise]);
  } catch (error) {
    throw toDatabaseError(error);
  } finally {
    clearTimeout(timer);
  }
}

function unavailable(): LarderError {
  return new LarderError(
    'DATABASE_UNAVAILABLE',
    'PostgreSQL does not answer in time; predictions go on without it.',
    {
      retryAfterSeconds: 2,
    },
  );
}
