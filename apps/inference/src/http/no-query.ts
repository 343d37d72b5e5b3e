import { jsonPointer, requestInvalid } from '@larder/core';
import type { RequestHandler } from 'express';

/** Refuses every query parameter, for routes that have none: unknown members are never ignored. @throws REQUEST_INVALID */
export const noQuery: RequestHandler = (request, _response, next) => {
  const names = Object.keys(request.query);
  if (names.length === 0) {
    next();
    return;
  }
  // With a body, pointers to parameters would look like pointers into the body.
  const errors =
    request.method === 'GET' || request.method === 'HEAD'
      ? names.map((name) => ({ pointer: jsonPointer([name]), detail: 'is unknown' }))
      : [{ pointer: '/query', detail: 'must be empty' }];
  throw requestInvalid(errors, 'The route takes no query.');
};
