import { jsonPointer, requestInvalid } from '@larder/core';
import type { RequestHandler } from 'express';

/** Unknown members are refused, never ignored; such a route knows none. @throws REQUEST_INVALID */
export const noQuery: RequestHandler = (request, _response, next) => {
  const names = Object.keys(request.query);
  if (names.length === 0) {
    next();
    return;
  }
  // beside a body its members would look like the body's
  const errors =
    request.method === 'GET' || request.method === 'HEAD'
      ? names.map((name) => ({ pointer: jsonPointer([name]), detail: 'is unknown' }))
      : [{ pointer: '/query', detail: 'must be empty' }];
  throw requestInvalid(errors, 'The route takes no query.');
};
