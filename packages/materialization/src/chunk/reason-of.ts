import { isLarderError, type ErrorCode } from '@larder/core';
import { isDatabaseError } from '@larder/offline-store';

/** Why a chunk or a plan broke, as it is kept with the run. A defect may pass by itself, so it is tried again, too. */
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
