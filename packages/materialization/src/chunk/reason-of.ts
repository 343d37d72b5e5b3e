import { isLarderError, type ErrorCode } from '@larder/core';

/** Why a chunk or a plan broke, as it is kept with the run. A defect may pass by itself, so it is tried again, too. */
export function reasonOf(error: unknown): {
  readonly code: ErrorCode;
  readonly reason: string;
  readonly retryable: boolean;
} {
  if (isLarderError(error)) return { code: error.code, reason: error.message, retryable: error.retryable };
  const reason = error instanceof Error ? error.message : String(error);
  return { code: 'INTERNAL', reason, retryable: true };
}
