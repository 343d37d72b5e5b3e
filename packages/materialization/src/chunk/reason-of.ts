import { isLarderError, type ErrorCode } from '@larder/core';
import { isDatabaseError } from '@larder/offline-store';

/** Returns why a chunk or a plan failed, as stored with the run. A bug may be transient, so it is retried as well. */
export function reasonOf(error: unknown): {
  readonly code: ErrorCode;
  readonly reason: string;
  readonly retryable: boolean;
} {
  if (isLarderError(error)) {
    // A database that is being migrated is ready a moment later.
    const retryable = error.retryable || isDatabaseError(error);
    return { code: error.code, reason: error.message, retryable };
  }
  const reason = error instanceof Error ? error.message : String(error);
  return { code: 'INTERNAL', reason, retryable: true };
}
