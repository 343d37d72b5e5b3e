import type { ServerResponse } from 'node:http';
import { ERRORS, toLarderError, type ErrorDetail, type LarderError } from '@larder/core';
import type { Problem } from '@larder/contracts';
import { keyHeaders } from '../access/key-headers.ts';
import type { FailureLog } from './failure-log.ts';
import { DATA_HEADERS } from './security-headers.ts';

export interface ProblemContext {
  readonly requestId: string;
  readonly failures: FailureLog;
}

/** RFC 9457 body of an error; its cause never leaves the process. */
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

/** Answers with a problem, whatever was thrown; our own failures are logged with their cause. */
export function sendProblem(response: ServerResponse, thrown: unknown, context: ProblemContext): void {
  const error = toLarderError(thrown);
  context.failures.write(error, context.requestId);
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const body = JSON.stringify(problemOf(error, context.requestId));
  response.statusCode = error.status;
  for (const [name, value] of Object.entries(DATA_HEADERS)) response.setHeader(name, value);
  response.setHeader('content-type', 'application/problem+json');
  response.setHeader('content-length', Buffer.byteLength(body));
  response.setHeader('x-request-id', context.requestId);
  const ofKey = keyHeaders(response.req);
  for (let at = 0; at < ofKey.length; at += 2)
    response.setHeader(ofKey[at] as string, ofKey[at + 1] as string);
  if (error.retryAfterSeconds !== undefined) response.setHeader('retry-after', error.retryAfterSeconds);
  response.end(body);
}
