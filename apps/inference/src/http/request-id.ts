import type { IncomingMessage } from 'node:http';
import { newId } from '@larder/core';

const SANE = /^[\w.:/+=-]{1,128}$/;

/** Returns the caller's `x-request-id` if it is safe for logs and headers, otherwise a new UUIDv7. */
export function requestIdOf(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && SANE.test(given) ? given : newId();
}
