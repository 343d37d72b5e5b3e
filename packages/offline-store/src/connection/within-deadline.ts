import { LarderError } from '@larder/core';

/**
 * Waits at most `deadlineMs` for work of several statements, if that is less than the store's own limits. Those limits
 * end the work itself; its writes may still be committed, so callers retry with an Idempotency-Key.
 * @throws DATABASE_UNAVAILABLE
 */
export async function withinDeadline<T>(work: Promise<T>, deadlineMs: number): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(unavailable()), deadlineMs);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function unavailable(): LarderError {
  return new LarderError(
    'DATABASE_UNAVAILABLE',
    'PostgreSQL does not answer in time; predictions continue without it.',
    { retryAfterSeconds: 2 },
  );
}
