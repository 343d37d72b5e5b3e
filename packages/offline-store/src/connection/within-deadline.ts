import { LarderError } from '@larder/core';

/**
 * Waits for work of several statements at most for `deadlineMs`, where that is less than the store's own limits. These end the
 * work itself; what it writes may still be committed, so a caller repeats it with an Idempotency-Key.
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
    'PostgreSQL does not answer in time; predictions go on without it.',
    { retryAfterSeconds: 2 },
  );
}
