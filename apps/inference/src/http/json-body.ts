import type { RequestHandler } from 'express';
import { z } from 'zod';
import { parseJson, readBody } from './read-body.ts';
import { refuseOddJson } from './refuse-odd-json.ts';
import { validate } from './validate.ts';

const MAX_BODY_BYTES = 1024 * 1024;
const MAX_EMPTY_BYTES = 1024;
const nothing = z.strictObject({});

/**
 * Parses a JSON body into `request.body`.
 * @throws MEDIA_TYPE_UNSUPPORTED, REQUEST_TOO_LARGE, REQUEST_MALFORMED, REQUEST_TIMED_OUT, REQUEST_INVALID, OVERLOADED
 */
export const jsonBody: RequestHandler = jsonBodyUpTo(MAX_BODY_BYTES);

/** `jsonBody` for routes with a higher limit. */
export function jsonBodyUpTo(limitBytes: number): RequestHandler {
  return async (request, response, next) => {
    const { bodies } = response.locals;
    const body = parseJson(await readBody(request, { limitBytes, bodies }));
    refuseOddJson(body);
    request.body = body;
    next();
  };
}

/**
 * Accepts only an empty body or `{}`, for routes that take no body.
 * @throws REQUEST_INVALID, MEDIA_TYPE_UNSUPPORTED, REQUEST_TOO_LARGE, REQUEST_MALFORMED
 */
export const emptyBody: RequestHandler = async (request, response, next) => {
  const { 'content-length': length = '0', 'transfer-encoding': transfer } = request.headers;
  if (transfer !== undefined || Number(length) > 0)
    validate(
      nothing,
      parseJson(await readBody(request, { limitBytes: MAX_EMPTY_BYTES, bodies: response.locals.bodies })),
    );
  next();
};
