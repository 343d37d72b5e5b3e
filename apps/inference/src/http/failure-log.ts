import type { ErrorCode, LarderError } from '@larder/core';

/** Logs requests that failed on our side. */
export interface FailureLog {
  write(error: LarderError, requestId: string): void;
  /** Logs the failures that it still holds back. */
  close(): void;
}

/** The part of a logger that it uses. */
export interface FailureLines {
  error(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  debug(fields: object, message: string): void;
  isLevelEnabled(level: 'debug'): boolean;
}

export interface FailureLogOptions {
  readonly logger: FailureLines;
  /** @default 10 */
  readonly maxPerSecond?: number;
  /** @default 1,000 */
  readonly windowMs?: number;
}

/**
 * Logs our own failures (5xx) at warn and bugs at error, at most `maxPerSecond`, then one line with the number of
 * further failures of each code: a store that is down fails every request, and must not fill the disk as well. Callers
 * see their own mistakes in the answer, so these are logged at debug.
 */
export function createFailureLog(options: FailureLogOptions): FailureLog {
  const { logger, maxPerSecond = 10, windowMs = 1_000 } = options;
  let written = 0;
  let heldBack = new Map<ErrorCode, number>();
  let timer: NodeJS.Timeout | undefined;

  const endWindow = (): void => {
    clearTimeout(timer);
    timer = undefined;
    written = 0;
    if (heldBack.size === 0) return;
    logger.warn({ suppressed: Object.fromEntries(heldBack) }, 'More requests failed');
    heldBack = new Map();
  };

  return {
    write(error, requestId) {
      if (error.status < 500) {
        if (logger.isLevelEnabled('debug'))
          logger.debug(
            { request_id: requestId, code: error.code, err: error },
            'A request was answered with a problem',
          );
        return;
      }
      timer ??= setTimeout(endWindow, windowMs).unref();
      if (written >= maxPerSecond) {
        heldBack.set(error.code, (heldBack.get(error.code) ?? 0) + 1);
        return;
      }
      written += 1;
      const fields = { request_id: requestId, code: error.code, err: error };
      if (error.retryable) logger.warn(fields, 'A request failed');
      else logger.error(fields, 'A request failed');
    },
    close: endWindow,
  };
}
