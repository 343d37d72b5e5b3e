import type { RequestHandler } from 'express';
import { LarderError } from '@larder/core';

/** Ends a route: any other method is METHOD_NOT_ALLOWED. */
export function allow(...methods: readonly string[]): RequestHandler {
  const list = methods.includes('GET') ? [...methods, 'HEAD'] : methods;
  return (request, response) => {
    response.setHeader('allow', list.join(', '));
    throw new LarderError(
      'METHOD_NOT_ALLOWED',
      `${request.method} is not allowed here; use ${methods.join(' or ')}.`,
    );
  };
}
