import type { ServerResponse } from 'node:http';
import { ERRORS, toLarderError, type ErrorDetail, type LarderError, type Logger } from '@larder/core';
import type { Problem } from '@larder/contracts';

export interface ProblemContext {
  readonly requestId: string;
  readonly logger: Logger;
}

/** RFC 9457 body of an error; nothing of its cause leaves the process. */
export function problemOf(error: LarderError, requestId: string): Problem {
  const { status, title, retryable } = ERRORS[error.code];
  return {
    type: `urn:larder:error:${error.code}`,
    title,
    status,
    detail: error.message,
    code: error.code,
    retryable,
    request_id: requestId,
    ...(error.errors.length === 0 ? {} : { errors: error.errors as ErrorDetail[] }),
  };
}

/** Answers with a problem, whatever was thrown; what is no expected failure is logged with its cause. */
export function sendProblem(response: ServerResponse, thrown: unknown, context: ProblemContext): void {
  const error = toLarderError(thrown);
  logFailure(error, context);
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const body = JSON.stringify(problemOf(error, context.requestId));
  response.statusCode = error.status;
  response.setHeader('content-type', 'application/problem+json');
  response.setHeader('content-length', Buffer.byteLength(body));
  response.setHeader('x-request-id', context.requestId);
  if (error.retryAfterSeconds !== undefined) response.setHeader('retry-after', error.retryAfterSeconds);
  response.end(body);
}

/** Failures of ours at error level; Redis away or a passed deadline are told by metrics and would flood the log. */
export function logFailure(error: LarderError, context: ProblemContext): void {
  const fields = { request_id: context.requestId, code: error.code, err: error };
  if (error.status >= 500 && !error.retryable) context.logger.error(fields, 'A request failed');
  else context.logger.debug(fields, 'A request was answered with a problem');
}
