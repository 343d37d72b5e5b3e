import { LarderError } from '@larder/core';
import type { RequestHandler } from 'express';

/** Unknown members are refused, never ignored; such a route knows none. @throws REQUEST_INVALID */
export const noQuery: RequestHandler = (request, _response, next) => {
  if (Object.keys(request.query).length === 0) {
    next();
    return;
  }
  throw new LarderError('REQUEST_INVALID', 'The route takes no query.', {
    errors: [{ pointer: '/query', detail: 'must be empty' }],
  });
};
