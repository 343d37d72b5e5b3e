import type { IncomingMessage } from 'node:http';
import { newId } from '@larder/core';

const SANE = /^[\w.:/+=-]{1,128}$/;

/** The caller's `x-request-id` when it is one that may go into logs and headers, else a new UUIDv7. */
export function requestIdOf(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && SANE.test(given) ? given : newId();
}
