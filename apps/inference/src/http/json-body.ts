import { LarderError } from '@larder/core';
import express, { type RequestHandler } from 'express';

const MAX_BODY_BYTES = 1024 * 1024;

/** Parses a JSON body into `request.body`. @throws MEDIA_TYPE_UNSUPPORTED, REQUEST_TOO_LARGE, REQUEST_MALFORMED */
export const jsonBody: RequestHandler = jsonBodyUpTo(MAX_BODY_BYTES);

/** `jsonBody` for routes that take more. */
export function jsonBodyUpTo(limitBytes: number): RequestHandler {
  const parse = express.json({ limit: limitBytes, strict: false, inflate: false, type: () => true });
  return (request, response, next) => {
    if (!/^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(request.get('content-type') ?? ''))
      throw new LarderError('MEDIA_TYPE_UNSUPPORTED', "Send the body as 'content-type: application/json'.");
    parse(request, response, (error?: unknown) =>
      next(error === undefined ? undefined : bodyError(error, limitBytes)),
    );
  };
}

function bodyError(error: unknown, limitBytes: number): unknown {
  const type = typeof error === 'object' && error !== null && 'type' in error ? error.type : undefined;
  switch (type) {
    case 'entity.too.large':
      return new LarderError('REQUEST_TOO_LARGE', `The body may have at most ${limitBytes} bytes.`);
    case 'encoding.unsupported':
    case 'charset.unsupported':
      return new LarderError('MEDIA_TYPE_UNSUPPORTED', 'Send the body as UTF-8 without a content-encoding.');
    case 'entity.parse.failed':
    case 'request.aborted':
    case 'request.size.invalid':
      return new LarderError('REQUEST_MALFORMED', 'The body is not valid JSON.');
    default:
      return error;
  }
}
