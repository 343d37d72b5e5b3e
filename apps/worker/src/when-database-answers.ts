import { setTimeout as delay } from 'node:timers/promises';
import { isLarderError, type Logger } from '@larder/core';

const RETRY_INTERVAL_MS = 1_000;
const REPEAT_LOG_MS = 60_000;
/** Where they say when to try again. */
const WORTH_WAITING: ReadonlySet<string> = new Set(['DATABASE_UNAVAILABLE', 'DATABASE_NOT_MIGRATED']);

/**
 * Does `work` once PostgreSQL can be reached and its owner has migrated it, however long that takes; logs that it waits, at first and then once a
 * minute.
 * @throws DATABASE_UNAVAILABLE when PostgreSQL refuses the login: waiting would not help
 */
export async function whenDatabaseAnswers<T>(work: () => Promise<T>, logger: Logger): Promise<T> {
  let saidAtMs = -Infinity;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const away =
        isLarderError(error) && WORTH_WAITING.has(error.code) && error.retryAfterSeconds !== undefined;
      if (!away) throw error;
      if (performance.now() - saidAtMs >= REPEAT_LOG_MS) {
        saidAtMs = performance.now();
        logger.warn({ err: error }, 'The worker is waiting for PostgreSQL');
        logger.flush();
      }
      await delay(RETRY_INTERVAL_MS);
    }
  }
}
